package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	guessesEach   = 20_000
	forgedCallers = 1000
	// quietNumber is the honest callers' trunk. They call quietCalls times a second and mistype
	// every slipEvery-th time: a busy trunk whose slips are just not guarded.
	quietNumber = "+33199000456"
	quietRooms  = 50
	quietPace   = time.Second / 3
	slipEvery   = 20
	// honestCallers is how many numbers these come from: an office, of which a few
	// are those who mistype again and again.
	honestCallers = 12

	guardInterval = 20 * time.Millisecond
	// trunkCopy is how old telephony's copy of the trunks may be, and some more.
	trunkCopy = 1500 * time.Millisecond
)

// guesser is one way to guess.
type guesser struct {
	name, id string
	from     func(guess int) string
}

func guessers() []guesser {
	withheld := []string{"anonymous", "", "Restricted", "nobody@invalid"}
	return []guesser{
		{"1 caller", "one", func(int) string { return "+33612000000" }},
		{fmt.Sprintf("%d forged callers", forgedCallers), "forged", func(i int) string { return fmt.Sprintf("+33613%06d", i%forgedCallers) }},
		{"withheld numbers", "withheld", func(i int) string { return withheld[i%len(withheld)] }},
	}
}

// guesses lets guessers loose on a trunk, one after the other and each on a
// quiet one, while honest people call on another.
func guesses(ctx context.Context, b *bench) error {
	t, err := populate(ctx, b)
	if err != nil {
		return err
	}
	quiet, err := t.quiet(ctx)
	if err != nil {
		return err
	}
	bus, err := openBridge(ctx, t.Redis)
	if err != nil {
		return err
	}
	defer bus.close()
	s := &siege{telephony: t, bus: bus}
	if s.pins, err = t.heldPINs(ctx); err != nil {
		return err
	}
	honest := &honesty{bus: bus, rooms: quiet}
	stop := honest.start(ctx)
	var lines []*haul
	for _, g := range guessers() {
		h, err := s.run(ctx, g)
		if err != nil {
			stop()
			return fmt.Errorf("%s: %w", g.name, err)
		}
		lines = append(lines, h)
	}
	stop()
	s.report(b, lines, honest)
	return honest.fault
}

// quiet adds the honest callers' trunk. It is the emptier one, so new rooms get
// their PINs on it.
func (t *telephony) quiet(ctx context.Context) ([]lab.Room, error) {
	if _, err := t.addTrunk(ctx, quietNumber, pinLength); err != nil {
		return nil, err
	}
	operator, err := lab.NewBrowser(t.HTTP, 1)
	if err != nil {
		return nil, err
	}
	if err := operator.Login(ctx, lab.OperatorEmail); err != nil {
		return nil, err
	}
	if err := pause(ctx, trunkCopy); err != nil {
		return nil, err
	}
	var rooms []lab.Room
	for i := range quietRooms {
		room, err := operator.CreateRoom(ctx, fmt.Sprintf("Quiet %d", i), http.StatusCreated)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, room)
	}
	return rooms, nil
}

// heldPINs returns the PINs of the attacked trunk.
func (t *telephony) heldPINs(ctx context.Context) (map[string]bool, error) {
	rows, err := t.db.Query(ctx, `SELECT pin FROM parley_telephony.pins WHERE trunk_id = $1`, t.trunk)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	held := make(map[string]bool, len(list))
	for _, pin := range list {
		held[pin] = true
	}
	return held, err
}

// honesty is the calls of honest people. Read it after its end.
type honesty struct {
	bus   *bridge
	rooms []lab.Room

	calls, slips, wronged int
	fault                 error
}

// start lets them call until the returned function is called.
func (h *honesty) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(quietPace)
		defer tick.Stop()
		for h.fault == nil {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				h.fault = h.call(context.WithoutCancel(ctx))
			}
		}
	})
	return func() { cancel(); group.Wait() }
}

// call is a call of the next of them; who slips calls again.
func (h *honesty) call(ctx context.Context) error {
	n := h.calls
	room := h.rooms[n%len(h.rooms)]
	c := phoneCall{id: fmt.Sprintf("honest-%d", n), from: fmt.Sprintf("+33614%06d", n%honestCallers), to: quietNumber, pin: room.PIN}
	if n%slipEvery == slipEvery-1 {
		slip := c
		slip.id, slip.pin = c.id+"-slip", slipOf(room.PIN)
		h.slips++
		if got, err := h.bus.call(ctx, slip); err != nil || got != refused {
			return errors.Join(err, fmt.Errorf("a slip was answered with %d", got))
		}
	}
	got, err := h.bus.call(ctx, c)
	h.calls++
	if got != accepted {
		h.wronged++
	}
	return err
}

// slipOf is a PIN with one digit mistyped.
func slipOf(pin string) string {
	last := pin[len(pin)-1]
	return pin[:len(pin)-1] + string('0'+(last-'0'+1)%10)
}

func (s *siege) report(b *bench, lines []*haul, honest *honesty) {
	density := float64(len(s.pins)) / math.Pow10(pinLength)
	b.Linef("7. Guessing on a trunk with %d live PINs of %d digits (one in %.0f): %d random guesses from each, %d lines at once",
		len(s.pins), pinLength, 1/density, guessesEach, rateClients)
	header := []string{"", "guesses", "not rung", "tested", "before guard", "rooms", "chance", "guard after", "took"}
	rows := make([][]string, 0, len(lines))
	for _, h := range lines {
		guard := "never"
		if h.guarded > 0 {
			guard = fmt.Sprintf("%.1f s", h.guarded.Seconds())
		}
		rows = append(rows, []string{
			h.name, fmt.Sprint(h.asked), fmt.Sprint(h.notRung), fmt.Sprint(h.tested), fmt.Sprint(h.open), fmt.Sprint(h.entered),
			fmt.Sprintf("%.4f%%", -100*math.Expm1(float64(h.open)*math.Log1p(-density))), guard, fmt.Sprintf("%.1f s", h.took.Seconds()),
		})
	}
	b.Table(header, rows...)
	b.Linef("   tested: PINs that were compared with the trunk's; before guard: of them, while a right one would have opened its room;")
	b.Linef("   chance: that these open any room")
	b.Linef("   at the same time on another trunk: %d honest calls, %d slips, %d refused without a slip", honest.calls, honest.slips, honest.wronged)
	b.Goal("honest callers are never refused", report.Count(honest.wronged), honest.wronged == 0)
}
