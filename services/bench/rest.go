package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
)

const (
	// readRooms is how many rooms are read in turn.
	readRooms = 50
	// siteGuests is how many ask in turn, so that none of them asks too often.
	siteGuests = 2000
)

// site is a server of the REST contract with rooms in it.
type site struct {
	name    string
	browser *lab.Browser
	rooms   []string
	guests  *lab.Guests
	created int // status of a creation
	turn    atomic.Int64
}

// rest measures rooms and lobbies over REST.
func rest(ctx context.Context, b *bench) error {
	bare, err := bareSite(ctx, b)
	if err != nil {
		return err
	}
	sites := []*site{bare}
	for _, kind := range []struct {
		name     string
		start    func(context.Context, *bench, string) (string, error)
		postgres bool
	}{
		{"standalone, SQLite", startStandalone, false}, {"standalone, PostgreSQL", startStandalone, true},
		{"split, SQLite", startSplit, false}, {"split, PostgreSQL", startSplit, true},
	} {
		database := ""
		if kind.postgres {
			if database, err = b.Database(ctx); err != nil {
				return err
			}
		}
		address, err := kind.start(ctx, b, database)
		if err != nil {
			return err
		}
		s, err := newSite(ctx, kind.name, address)
		if err != nil {
			return err
		}
		sites = append(sites, s)
	}
	b.Linef("4. Rooms over REST, connections kept; create and get logged in, to enter ask %d guests in turn. Goal: none but to know the ratio", siteGuests)
	for _, kind := range []struct {
		name   string
		series func(*site) measure.Series
	}{{"create a room", (*site).creating}, {"get a room", (*site).getting}, {"ask to enter a room", (*site).asking}} {
		for _, clients := range []int{1, rateClients} {
			var series []measure.Series
			for _, s := range sites {
				series = append(series, kind.series(s))
			}
			results, err := measure.Run(ctx, b.plan(clients), series...)
			if err != nil {
				return err
			}
			b.Linef("   %s, clients: %d", kind.name, clients)
			b.Rates(results...)
		}
	}
	return nil
}

// startStandalone starts standalone, on SQLite without a database's URL, and
// returns its address.
func startStandalone(ctx context.Context, b *bench, database string) (string, error) {
	dir, err := b.Dir()
	if err != nil {
		return "", err
	}
	suite, err := b.Standalone(ctx, dir, database)
	if err != nil {
		return "", err
	}
	return suite.HTTP, suite.WaitReady(ctx)
}

// startSplit is startStandalone for five processes.
func startSplit(ctx context.Context, b *bench, database string) (string, error) {
	if database == "" {
		dir, err := b.Dir()
		if err != nil {
			return "", err
		}
		database = "sqlite://" + dir
	}
	suite, err := b.SplitOn(ctx, database)
	if err != nil {
		return "", err
	}
	return suite.HTTP, nil
}

func bareSite(ctx context.Context, b *bench) (*site, error) {
	address, err := lab.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.Peer(ctx, peer.Gateway, address); err != nil {
		return nil, err
	}
	browser, err := lab.NewBrowser("http://"+address, rateClients)
	if err != nil {
		return nil, err
	}
	return &site{
		name: "grpc-gateway echo (peer)", browser: browser, rooms: []string{"any"}, guests: lab.NewGuests("http://"+address, "any", siteGuests, rateClients),
		created: http.StatusOK, // a bare gateway knows no other status of success
	}, nil
}

// newSite creates a trunk, rooms and a lobby in a suite that runs.
func newSite(ctx context.Context, name, address string) (*site, error) {
	browser, err := lab.NewBrowser(address, rateClients)
	if err != nil {
		return nil, err
	}
	s := &site{name: name, browser: browser, created: http.StatusCreated}
	if err := browser.Login(ctx, lab.OperatorEmail); err != nil {
		return nil, err
	}
	if _, err := browser.CreateTrunk(ctx, number, pinLength); err != nil {
		return nil, err
	}
	for i := range readRooms {
		room, err := browser.CreateRoom(ctx, fmt.Sprintf("Read %d", i), s.created)
		if err != nil {
			return nil, err
		}
		s.rooms = append(s.rooms, room.ID)
	}
	lobby, err := browser.CreateLobby(ctx, "Lobby")
	s.guests = lab.NewGuests(address, lobby, siteGuests, rateClients)
	return s, err
}

func (s *site) creating() measure.Series {
	return measure.Series{Name: s.name, Do: func(ctx context.Context, _ int) error {
		_, err := s.browser.CreateRoom(ctx, fmt.Sprintf("Room %d", s.turn.Add(1)), s.created)
		return err
	}}
}

func (s *site) getting() measure.Series {
	return measure.Series{Name: s.name, Do: func(ctx context.Context, _ int) error {
		_, err := s.browser.GetRoom(ctx, s.rooms[int(s.turn.Add(1))%len(s.rooms)])
		return err
	}}
}

func (s *site) asking() measure.Series {
	return measure.Series{Name: s.name, Do: func(ctx context.Context, _ int) error {
		return s.guests.Ask(ctx, int(s.turn.Add(1))%s.guests.Count())
	}}
}
