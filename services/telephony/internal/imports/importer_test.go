package imports

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const room = "11111111-1111-4111-8111-111111111111"

// shelf answers each import with the next of its results.
type shelf struct {
	state   trunks.State
	results []pins.Result
	err     error
	until   time.Time
}

func (s *shelf) Trunk(context.Context, string) (*trunks.Trunk, error) {
	if s.state == "" {
		return nil, apierr.New(apierr.TrunkNotFound, "")
	}
	return &trunks.Trunk{State: s.state}, nil
}

func (s *shelf) ImportPIN(_ context.Context, _ pins.Draw, until time.Time) (pins.Result, error) {
	s.until = until
	r := s.results[0]
	if len(s.results) > 1 {
		s.results = s.results[1:]
	}
	return r, s.err
}

func TestImport(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	own := pins.Result{Outcome: pins.RoomHasPIN, PIN: pins.PIN{TrunkID: "ST_a", Digits: "0001"}}
	given := pins.Result{Outcome: pins.RoomHasPIN, PIN: pins.PIN{TrunkID: "ST_a", Digits: "0002"}}
	inserted, collided, gone := pins.Result{Outcome: pins.Inserted}, pins.Result{Outcome: pins.Collided}, pins.Result{Outcome: pins.TrunkClosed}
	for name, c := range map[string]struct {
		state   trunks.State
		pin     PIN
		results []pins.Result
		err     error
		want    Outcome
		reason  apierr.Reason
	}{
		"imported":                {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{inserted}, want: Imported},
		"present":                 {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{own}, want: Present},
		"taken":                   {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{collided}, want: Taken},
		"given another meanwhile": {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{given, inserted}, want: Imported},
		"given others for ever":   {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{given}, reason: apierr.Unavailable},
		"no UUID":                 {state: trunks.Active, pin: PIN{"slug", "0001"}, want: Malformed},
		"too short":               {state: trunks.Active, pin: PIN{room, "001"}, want: Malformed},
		"letters":                 {state: trunks.Active, pin: PIN{room, "00o1"}, want: Malformed},
		"closed meanwhile":        {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{gone}, reason: apierr.TrunkState},
		"draining":                {state: trunks.Draining, pin: PIN{room, "0001"}, reason: apierr.TrunkState},
		"no trunk":                {pin: PIN{room, "0001"}, reason: apierr.TrunkNotFound},
		"down":                    {state: trunks.Active, pin: PIN{room, "0001"}, results: []pins.Result{{}}, err: apierr.Wrap(apierr.Unavailable, errors.New("down")), reason: apierr.Unavailable},
	} {
		s := &shelf{state: c.state, results: c.results, err: c.err}
		got, err := NewImporter(s, time.Hour, clock.NewFake(now)).Import(t.Context(), "ST_a", []PIN{c.pin})
		if c.want != "" && (err != nil || fmt.Sprint(got) != fmt.Sprintf("[%s]", c.want)) || c.want == "" && !apierr.Has(err, c.reason) {
			t.Errorf("%s: %v %v", name, got, err)
		}
		if c.want == Imported && !s.until.Equal(now.Add(time.Hour)) {
			t.Errorf("%s: the old PIN is accepted until %v", name, s.until)
		}
	}
}
