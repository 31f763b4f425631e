package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	// lobbyGuests is how many should be able to wait, each asking every second.
	lobbyGuests = 10_000
	// lobbyClients is how many connections they share.
	lobbyClients = 64
	// lobbyTime is how long they wait.
	lobbyTime = 20 * time.Second
	// lobbyArrival is within what they come.
	lobbyArrival = 10 * time.Second
	// lobbyTries bounds the search for a crowd that can be served.
	lobbyTries = 6
)

// lobby measures how many guests can wait in one room.
func lobby(ctx context.Context, b *bench) error {
	b.Linef("11. Guests who wait in one room and ask every second, standalone, over %d connections, for %v", lobbyClients, lobbyTime)
	if err := b.lobbyOnPeer(ctx); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	for _, onPostgres := range []bool{false, true} {
		name, database := "SQLite", ""
		if onPostgres {
			name = "PostgreSQL"
			var err error
			if database, err = b.Database(ctx); err != nil {
				return err
			}
		}
		if err := b.lobbyOn(ctx, name, database); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// lobbyOnPeer asks a gateway that answers the same at once, and keeps nobody.
func (b *bench) lobbyOnPeer(ctx context.Context) error {
	address, err := lab.FreeAddress(ctx)
	if err != nil {
		return err
	}
	if err := b.Peer(ctx, peer.Gateway, address); err != nil {
		return err
	}
	guests := lab.NewGuests("http://"+address, "bench", lobbyGuests, lobbyClients)
	defer func() { _ = guests.Close() }()
	answers, err := measure.Beat{Askers: lobbyGuests, Clients: lobbyClients, Interval: time.Second, Length: lobbyTime}.Run(ctx, guests.Ask)
	if err != nil {
		return err
	}
	b.Linef("   grpc-gateway echo (peer)")
	b.Table(lobbyColumns[:6], (&waiting{guests: lobbyGuests, answers: answers}).row())
	return nil
}

// lobbyColumns are what is told of a crowd.
var lobbyColumns = []string{"guests", "asked", "answers a second", "right", "p50", "p99", "places lost", "moderator p50", "p99"}

func (b *bench) lobbyOn(ctx context.Context, name, database string) error {
	dir, err := b.Dir()
	if err != nil {
		return err
	}
	suite, err := b.Standalone(ctx, dir, database)
	if err != nil {
		return err
	}
	if err := suite.WaitReady(ctx); err != nil {
		return err
	}
	owner, err := lab.NewBrowser(suite.HTTP, 1)
	if err != nil {
		return err
	}
	if err := owner.Login(ctx, lab.OperatorEmail); err != nil {
		return err
	}
	tables, err := b.RoomTables(ctx, dir, database)
	if err != nil {
		return err
	}
	b.Linef("   %s", name)
	var (
		rows   [][]string
		served int
		all    *waiting
		crowd  = lobbyGuests
	)
	for try := 0; try < lobbyTries && served == 0; try++ {
		got, err := await(ctx, suite.HTTP, owner, tables, crowd)
		if err != nil {
			return err
		}
		rows = append(rows, got.row())
		if all == nil {
			all = got
		}
		if got.holds() {
			served = crowd
		}
		// Not more can wait than were answered in a second of too many, and somewhat
		// fewer where those came evenly.
		crowd = max(100, min(crowd, int(got.answers.Rate()))*8/10/100*100)
	}
	b.Table(lobbyColumns, rows...)
	b.Goal(fmt.Sprintf("%d guests, answered rightly, nobody's place lost", lobbyGuests), fmt.Sprintf("%d lost", all.lost),
		all.lost == 0 && all.answers.Wrong == 0)
	b.Goal("and each within a second (p99)", fmt.Sprintf("%d guests", served), served == lobbyGuests)
	return nil
}

// waiting is how a crowd fared.
type waiting struct {
	guests, lost int
	answers      *measure.Beats
	moderator    *measure.Beats
}

// await lets a crowd come and then wait in a new room, and its owner look on.
func await(ctx context.Context, address string, owner *lab.Browser, tables *lab.RoomTables, crowd int) (*waiting, error) {
	room, err := owner.CreateLobby(ctx, "Lobby "+rand.Text())
	if err != nil {
		return nil, err
	}
	guests := lab.NewGuests(address, room, crowd, lobbyClients)
	defer func() { _ = guests.Close() }()
	beat := measure.Beat{Askers: crowd, Clients: lobbyClients, Interval: lobbyArrival, Length: lobbyArrival}
	if _, err := beat.Run(ctx, guests.Ask); err != nil {
		return nil, err
	}
	came := time.Now()
	beat.Interval, beat.Length = time.Second, lobbyTime
	var (
		w       = &waiting{guests: crowd}
		looking = make(chan error, 1)
	)
	go func() {
		var err error
		w.moderator, err = measure.Beat{Askers: 1, Clients: 1, Interval: time.Second, Length: lobbyTime}.Run(ctx,
			func(ctx context.Context, _ int) error {
				_, err := owner.CountWaiting(ctx, room)
				return err
			})
		looking <- err
	}()
	w.answers, err = beat.Run(ctx, guests.Ask)
	if err := errors.Join(err, <-looking); err != nil {
		return nil, err
	}
	kept, err := tables.Places(ctx, room, came)
	w.lost = crowd - kept
	return w, err
}

// holds reports whether everybody was answered, rightly and every second.
func (w *waiting) holds() bool {
	return w.lost == 0 && w.answers.Wrong == 0 && w.moderator.Wrong == 0 &&
		w.answers.Rate() >= 0.99*float64(w.guests) && w.answers.P99() < time.Second
}

func (w *waiting) row() []string {
	all := w.answers.Count()
	cells := make([]string, 0, len(lobbyColumns))
	cells = append(cells,
		fmt.Sprint(w.guests), fmt.Sprint(all), fmt.Sprintf("%.0f", w.answers.Rate()),
		fmt.Sprintf("%.2f%%", 100*float64(all-w.answers.Wrong)/float64(max(1, all))),
		report.Time(w.answers.P50()), report.Time(w.answers.P99()),
	)
	if w.moderator == nil {
		return cells
	}
	return append(cells, fmt.Sprint(w.lost), report.Time(w.moderator.P50()), report.Time(w.moderator.P99()))
}
