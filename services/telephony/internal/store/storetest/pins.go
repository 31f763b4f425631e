package storetest

import (
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

func pinInsertion(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	addTrunk(t, s, "ST_b", 4)
	room := newRoom()
	give(t, s, "ST_a", "0042", room)
	give(t, s, "ST_b", "0042", newRoom()) // another namespace
	setState(t, s, "ST_b", trunks.Draining)
	own := pins.PIN{TrunkID: "ST_a", Digits: "0042", RoomID: room, State: pins.Current}
	for name, c := range map[string]struct {
		trunk, digits, room string
		want                pins.Outcome
		pin                 pins.PIN
	}{
		"digits taken":            {"ST_a", "0042", newRoom(), pins.Collided, pins.PIN{}},
		"room has one":            {"ST_a", "0043", room, pins.RoomHasPIN, own},
		"room has one, same":      {"ST_a", "0042", room, pins.RoomHasPIN, own},
		"room has one, no trunk":  {"ST_none", "0043", room, pins.RoomHasPIN, own},
		"draining":                {"ST_b", "0044", newRoom(), pins.TrunkClosed, pins.PIN{}},
		"no such trunk":           {"ST_none", "0044", newRoom(), pins.TrunkClosed, pins.PIN{}},
		"free, of another length": {"ST_a", "00421", "00000000-0000-4000-8000-000000000001", pins.Inserted, pins.PIN{TrunkID: "ST_a", Digits: "00421", RoomID: "00000000-0000-4000-8000-000000000001", State: pins.Current}},
	} {
		got, err := s.InsertPIN(t.Context(), pins.Draw{TrunkID: c.trunk, Digits: c.digits, RoomID: c.room, Now: start})
		must(t, err)
		want := pins.Result{Outcome: c.want, PIN: c.pin}
		if c.want == pins.Collided {
			want.Taken = 1
		}
		same(t, name, got, want)
	}
	if n := held(t, s, "ST_a"); n != 1 {
		t.Errorf("held %d, want 1: failures and other lengths do not count", n)
	}
	list, err := s.CurrentPINs(t.Context(), []string{room, newRoom()})
	must(t, err)
	same(t, "current PINs", list, []pins.PIN{own})
	if list, err = s.CurrentPINs(t.Context(), nil); err != nil || len(list) != 0 {
		t.Errorf("PINs of no room: %v %v", list, err)
	}
}

// spareDigits: the first that are free are written, whatever is behind them.
func spareDigits(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	addTrunk(t, s, "ST_b", 4)
	room := newRoom()
	give(t, s, "ST_a", "0001", room)
	give(t, s, "ST_a", "0003", newRoom())
	released := newRoom()
	give(t, s, "ST_a", "0005", released)
	must(t, s.ReleasePINs(t.Context(), released, start.Add(time.Hour)))
	give(t, s, "ST_b", "0002", newRoom()) // another namespace
	own := pins.PIN{TrunkID: "ST_a", Digits: "0001", RoomID: room, State: pins.Current}
	draw := func(room, digits string, spare ...string) pins.Draw {
		return pins.Draw{TrunkID: "ST_a", Digits: digits, RoomID: room, Spare: spare, Now: start}
	}
	insert := func(name string, d pins.Draw, want pins.Result) {
		t.Helper()
		got, err := s.InsertPIN(t.Context(), d)
		must(t, err)
		same(t, name, got, want)
	}
	written := func(room, digits string, taken int) pins.Result {
		return pins.Result{Outcome: pins.Inserted, Taken: taken, PIN: pins.PIN{TrunkID: "ST_a", Digits: digits, RoomID: room, State: pins.Current}}
	}
	first, last, second := newRoom(), newRoom(), newRoom()
	insert("first free", draw(first, "0009", "0002", "0001"), written(first, "0009", 0))
	insert("last free", draw(last, "0003", "0001", "0003", "0005", "0002"), written(last, "0002", 4))
	insert("one between", draw(second, "0001", "0008", "0003", "0007"), written(second, "0008", 1))
	insert("all taken", draw(newRoom(), "0001", "0003", "0005"), pins.Result{Outcome: pins.Collided, Taken: 3})
	insert("room has one", draw(room, "0003", "0004"), pins.Result{Outcome: pins.RoomHasPIN, PIN: own})
	insert("room has one, all taken", draw(room, "0003", "0005"), pins.Result{Outcome: pins.RoomHasPIN, PIN: own})
	result, err := s.ReplacePIN(t.Context(), draw(room, "0003", "0005", "0006"), pins.Retire{Until: start.Add(time.Hour)})
	must(t, err)
	same(t, "replaced", result, written(room, "0006", 2))
	result, err = s.ReplacePIN(t.Context(), draw(room, "0003", "0005"), pins.Retire{Until: start.Add(time.Hour)})
	must(t, err)
	same(t, "not replaced", result, pins.Result{Outcome: pins.Collided, Taken: 2})
	same(t, "held", held(t, s, "ST_a"), 7)
	setState(t, s, "ST_a", trunks.Draining)
	insert("draining", draw(newRoom(), "0003", "0004"), pins.Result{Outcome: pins.TrunkClosed})
	insert("draining, all taken", draw(newRoom(), "0003", "0005"), pins.Result{Outcome: pins.TrunkClosed})
}

func pinReplacement(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	addTrunk(t, s, "ST_b", 4)
	room := newRoom()
	until := start.Add(time.Hour)
	replace := func(trunk, digits, on string) pins.Outcome {
		t.Helper()
		r, err := s.ReplacePIN(ctx, pins.Draw{TrunkID: trunk, Digits: digits, RoomID: room, Now: start}, pins.Retire{Until: until, On: on})
		must(t, err)
		return r.Outcome
	}
	same(t, "nothing yet", replace("ST_a", "1111", ""), pins.NothingToReplace)
	give(t, s, "ST_a", "1111", room)
	give(t, s, "ST_a", "2222", newRoom())
	same(t, "taken", replace("ST_a", "2222", ""), pins.Collided)
	same(t, "no trunk", replace("ST_none", "3333", ""), pins.TrunkClosed)
	same(t, "not there", replace("ST_a", "3333", "ST_b"), pins.NothingToReplace)
	if now, err := s.CurrentPINs(ctx, []string{room}); err != nil || len(now) != 1 || now[0].Digits != "1111" {
		t.Fatalf("current PIN %v %v after replacements that failed", now, err)
	}
	same(t, "not draining", replace("ST_b", "3333", "ST_a"), pins.NothingToReplace)
	setState(t, s, "ST_a", trunks.Draining)
	same(t, "replaced", replace("ST_b", "3333", "ST_a"), pins.Inserted)
	old, err := s.LookupPIN(ctx, "ST_a", "1111")
	must(t, err)
	if old.PINState != pins.Retiring || !old.Until.Equal(until) || old.RoomID != room {
		t.Errorf("old PIN %+v", old)
	}
	if held(t, s, "ST_a") != 2 || held(t, s, "ST_b") != 1 {
		t.Errorf("held %d and %d, want 2 and 1", held(t, s, "ST_a"), held(t, s, "ST_b"))
	}
}

func pinRevocation(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	room, other, until := newRoom(), newRoom(), start.Add(time.Hour)
	give(t, s, "ST_a", "1111", room)
	give(t, s, "ST_a", "0001", other)
	replace := func(room, digits string, retire pins.Retire) pins.Outcome {
		t.Helper()
		r, err := s.ReplacePIN(ctx, pins.Draw{TrunkID: "ST_a", Digits: digits, RoomID: room, Now: start}, retire)
		must(t, err)
		return r.Outcome
	}
	same(t, "replaced", replace(room, "2222", pins.Retire{Until: start}), pins.Inserted)
	same(t, "of another room", replace(other, "0002", pins.Retire{Until: start}), pins.Inserted)
	state := func(digits string) string {
		t.Helper()
		l, err := s.LookupPIN(ctx, "ST_a", digits)
		must(t, err)
		return sprint(l.PINState, l.Until.Equal(until))
	}
	same(t, "collided", replace(room, "2222", pins.Retire{Until: until, Revoke: true}), pins.Collided)
	same(t, "still accepted", state("1111"), "retiring false")
	same(t, "revoked", replace(room, "3333", pins.Retire{Until: until, Revoke: true}), pins.Inserted)
	same(t, "the oldest", state("1111"), "quarantined true")
	same(t, "the old", state("2222"), "quarantined true")
	same(t, "the new", state("3333"), "current false")
	same(t, "the other room's", state("0001"), "retiring false")
}

// countriesAreKept with the room's current PIN, whichever it is.
func countriesAreKept(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	room := newRoom()
	draw := func(digits, country string) pins.Draw {
		return pins.Draw{TrunkID: "ST_a", Digits: digits, RoomID: room, Now: start, Country: country}
	}
	want := func(what, digits, country string) {
		t.Helper()
		list, err := s.CurrentPINs(ctx, []string{room})
		must(t, err)
		same(t, what, list, []pins.PIN{{TrunkID: "ST_a", Digits: digits, RoomID: room, State: pins.Current, Country: country}})
	}
	must(t, s.NoteCountry(ctx, room, "FR")) // has no PIN
	_, err := s.InsertPIN(ctx, draw("0001", "FR"))
	must(t, err)
	want("inserted", "0001", "FR")
	must(t, s.NoteCountry(ctx, newRoom(), "IT"))
	must(t, s.NoteCountry(ctx, room, "DE"))
	want("noted", "0001", "DE")
	_, err = s.ImportPIN(ctx, draw("0002", ""), start.Add(time.Hour))
	must(t, err)
	want("imported", "0002", "DE")
	_, err = s.ReplacePIN(ctx, draw("0003", "ES"), pins.Retire{Until: start.Add(time.Hour)})
	must(t, err)
	want("replaced", "0003", "ES")
	_, err = s.ImportPIN(ctx, draw("0001", ""), start.Add(time.Hour))
	must(t, err)
	want("imported again", "0001", "ES")
	other := draw("0004", "IT")
	other.RoomID, other.Spare = newRoom(), []string{"0005"}
	_, err = s.InsertPIN(ctx, other)
	must(t, err)
	setState(t, s, "ST_a", trunks.Draining)
	list, err := s.CurrentOn(ctx, "ST_a", "0001", 10)
	must(t, err)
	same(t, "for a drain", list, []pins.PIN{{TrunkID: "ST_a", Digits: "0004", RoomID: other.RoomID, State: pins.Current, Country: "IT"}})
}

func rotationsAreCounted(t *testing.T, s Store) {
	ctx := t.Context()
	room, ends := newRoom(), start.Add(time.Hour)
	count := func(room string, now time.Time) time.Time {
		t.Helper()
		until, err := s.CountRotation(ctx, room, 2, now, now.Add(time.Hour))
		must(t, err)
		return until
	}
	same(t, "first", count(room, start), time.Time{})
	same(t, "second", count(room, start.Add(time.Minute)), time.Time{})
	same(t, "too many", count(room, start.Add(2*time.Minute)).Equal(ends), true)
	same(t, "another room", count(newRoom(), start.Add(time.Minute)), time.Time{})
	same(t, "when it is over", count(room, ends), time.Time{})
	same(t, "and counted anew", count(room, ends), time.Time{})
	same(t, "until then", count(room, ends).Equal(ends.Add(time.Hour)), true)
	deleted := func(now time.Time) int {
		t.Helper()
		n, err := s.DeleteRotations(ctx, now, 10)
		must(t, err)
		return n
	}
	same(t, "forgotten", deleted(ends.Add(time.Minute)), 1)
	same(t, "the rest is kept", deleted(ends.Add(time.Minute)), 0)
	same(t, "until it is over", deleted(ends.Add(time.Hour)), 1)
}

func pinRelease(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	room, until := newRoom(), start.Add(time.Hour)
	must(t, s.ReleasePINs(ctx, room, until)) // has none
	give(t, s, "ST_a", "1111", room)
	_, err := s.ReplacePIN(ctx, pins.Draw{TrunkID: "ST_a", Digits: "2222", RoomID: room, Now: start}, pins.Retire{Until: start})
	must(t, err)
	must(t, s.ReleasePINs(ctx, room, until))
	must(t, s.ReleasePINs(ctx, room, until.Add(time.Hour))) // does not prolong
	for _, digits := range []string{"1111", "2222"} {
		l, err := s.LookupPIN(ctx, "ST_a", digits)
		must(t, err)
		if l.PINState != pins.Quarantined || !l.Until.Equal(until) {
			t.Errorf("released PIN: %+v", l)
		}
		r, err := s.InsertPIN(ctx, pins.Draw{TrunkID: "ST_a", Digits: digits, RoomID: newRoom(), Now: start})
		must(t, err)
		same(t, "quarantined digits", r.Outcome, pins.Collided)
	}
	give(t, s, "ST_a", "3333", room) // the room may have a new one
}

func pinSweep(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	room := newRoom()
	give(t, s, "ST_a", "1111", room)
	grace, quarantine := start.Add(time.Hour), start.Add(2*time.Hour)
	_, err := s.ReplacePIN(ctx, pins.Draw{TrunkID: "ST_a", Digits: "2222", RoomID: room, Now: start}, pins.Retire{Until: grace})
	must(t, err)
	quarantined := func(now time.Time) int {
		t.Helper()
		n, err := s.QuarantineExpired(ctx, now, quarantine, 10)
		must(t, err)
		return n
	}
	deleted := func(now time.Time, limit int) int {
		t.Helper()
		n, err := s.DeleteExpired(ctx, now, limit)
		must(t, err)
		return n
	}
	same(t, "too early", quarantined(grace.Add(-time.Second)), 0)
	same(t, "in time", quarantined(grace), 1)
	same(t, "again", quarantined(grace), 0)
	same(t, "quarantine not over", deleted(quarantine.Add(-time.Second), 10), 0)
	if held(t, s, "ST_a") != 2 {
		t.Errorf("held %d, want 2 during quarantine", held(t, s, "ST_a"))
	}
	must(t, s.ReleasePINs(ctx, room, quarantine))
	same(t, "limit", deleted(quarantine, 1), 1)
	same(t, "rest", deleted(quarantine, 10), 1)
	if held(t, s, "ST_a") != 0 {
		t.Errorf("held %d, want 0 in the end", held(t, s, "ST_a"))
	}
	give(t, s, "ST_a", "1111", newRoom()) // free again
}

func drainEnds(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	room := newRoom()
	give(t, s, "ST_a", "1111", room)
	give(t, s, "ST_a", "0222", newRoom())
	list, err := s.CurrentOn(ctx, "ST_a", "", 1)
	must(t, err)
	same(t, "of a trunk that is not draining", list, []pins.PIN{})
	setState(t, s, "ST_a", trunks.Draining)
	list, err = s.CurrentOn(ctx, "ST_a", "", 1)
	must(t, err)
	same(t, "first", list[0].Digits, "0222")
	list, err = s.CurrentOn(ctx, "ST_a", "0222", 10)
	must(t, err)
	same(t, "behind it", list, []pins.PIN{{TrunkID: "ST_a", Digits: "1111", RoomID: room, State: pins.Current}})
	finish := func() bool {
		t.Helper()
		done, err := s.FinishDrain(ctx, "ST_a", start)
		must(t, err)
		return done
	}
	same(t, "with current PINs", finish(), false)
	for _, p := range []string{room, mustLookup(t, s, "ST_a", "0222").RoomID} {
		must(t, s.ReleasePINs(ctx, p, start.Add(time.Hour)))
	}
	setState(t, s, "ST_a", trunks.Active)
	same(t, "not draining", finish(), false)
	setState(t, s, "ST_a", trunks.Draining)
	same(t, "with none", finish(), true)
	trunk, err := s.Trunk(ctx, "ST_a")
	must(t, err)
	same(t, "state", trunk.State, trunks.Disabled)
}

func mustLookup(t *testing.T, s Store, trunkID, digits string) (l struct{ RoomID string }) {
	t.Helper()
	found, err := s.LookupPIN(t.Context(), trunkID, digits)
	must(t, err)
	l.RoomID = found.RoomID
	return l
}

func fills(t *testing.T, s Store) {
	trunk := trunkNamed("ST_a", 4, "+33123456789")
	trunk.Numbers = append(trunk.Numbers, trunks.Number{E164: "+493012345678", Country: "DE"}, trunks.Number{E164: "+80012345678"})
	must(t, s.CreateTrunk(t.Context(), trunk))
	empty := trunkNamed("ST_0", 10)
	empty.Created = start.Add(1000)
	must(t, s.CreateTrunk(t.Context(), empty))
	give(t, s, "ST_a", "0001", newRoom())
	got, err := s.Fills(t.Context())
	must(t, err)
	same(t, "fills", got, []pins.Fill{
		{TrunkID: "ST_a", State: trunks.Active, Length: 4, Held: 1, Countries: []string{"DE", "FR"}, Numbers: 3},
		{TrunkID: "ST_0", State: trunks.Active, Length: 10},
	})
}

func lookups(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	room := newRoom()
	give(t, s, "ST_a", "0001", room)
	setState(t, s, "ST_a", trunks.Draining)
	for name, c := range map[string]struct{ trunk, digits, want string }{
		"found":    {"ST_a", "0001", "true draining true current " + room},
		"unknown":  {"ST_a", "0002", "true draining false  "},
		"no trunk": {"ST_none", "0001", "false  false  "},
	} {
		l, err := s.LookupPIN(t.Context(), c.trunk, c.digits)
		must(t, err)
		same(t, name, sprint(l.TrunkFound, l.TrunkState, l.Found, l.PINState, l.RoomID), c.want)
		if !l.Until.IsZero() {
			t.Errorf("%s: until %v", name, l.Until)
		}
	}
}
