package storetest

import (
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const crowd = 64

// rush runs work in many goroutines at once.
func rush(work func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range crowd {
		wg.Go(func() {
			<-begin
			work(i)
		})
	}
	close(begin)
	wg.Wait()
}

func rushOnOnePIN(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	var inserted, collided atomic.Int32
	rush(func(int) {
		r, err := s.InsertPIN(t.Context(), pins.Draw{TrunkID: "ST_a", Digits: "0001", RoomID: newRoom(), Now: start})
		switch {
		case err != nil:
			t.Error(err)
		case r.Outcome == pins.Inserted:
			inserted.Add(1)
		case r.Outcome == pins.Collided:
			collided.Add(1)
		}
	})
	if inserted.Load() != 1 || collided.Load() != crowd-1 || held(t, s, "ST_a") != 1 {
		t.Errorf("%d inserted, %d collided, %d held", inserted.Load(), collided.Load(), held(t, s, "ST_a"))
	}
}

// rushOfRotations: of a crowd that counts at once no more are counted than may be.
func rushOfRotations(t *testing.T, s Store) {
	room := newRoom()
	var counted atomic.Int32
	rush(func(int) {
		until, err := s.CountRotation(t.Context(), room, 3, start, start.Add(time.Hour))
		switch {
		case err != nil:
			t.Error(err)
		case until.IsZero():
			counted.Add(1)
		}
	})
	same(t, "rotations", counted.Load(), 3)
}

// rushOfRooms: of many that are given PINs at once each has its own, as it was drawn.
func rushOfRooms(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	drawn := make([]pins.Draw, crowd)
	for i := range drawn {
		drawn[i] = pins.Draw{TrunkID: "ST_a", Digits: pad4(i), RoomID: newRoom(), Now: start, Country: []string{"FR", "", "DE"}[i%3]}
	}
	rush(func(i int) {
		d := drawn[i]
		r, err := s.InsertPIN(t.Context(), d)
		if err != nil || r.Outcome != pins.Inserted || r.PIN.Digits != d.Digits || r.PIN.RoomID != d.RoomID {
			t.Errorf("%+v, %v", r, err)
		}
	})
	for _, d := range drawn {
		list, err := s.CurrentPINs(t.Context(), []string{d.RoomID})
		must(t, err)
		same(t, "the PIN of a room", list, []pins.PIN{{TrunkID: "ST_a", Digits: d.Digits, RoomID: d.RoomID, State: pins.Current, Country: d.Country}})
	}
	same(t, "PINs held", held(t, s, "ST_a"), int64(crowd))
}

// rushOnFewPINs lets a crowd want the same digits in the same order, one set
// fewer than they are: all but one get digits, each others, and what they are
// told is taken leads each on to those that are free.
func rushOnFewPINs(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	all := make([]string, crowd-1)
	for i := range all {
		all[i] = pad4(i)
	}
	var (
		given    sync.Map
		inserted atomic.Int32
	)
	rush(func(int) {
		room, left := newRoom(), all
		for len(left) > 0 {
			r, err := s.InsertPIN(t.Context(), pins.Draw{TrunkID: "ST_a", Digits: left[0], RoomID: room, Spare: left[1:], Now: start})
			if err != nil || r.Outcome == pins.Collided && r.Taken == 0 {
				t.Errorf("%+v, %v", r, err)
				return
			}
			if r.Outcome == pins.Inserted {
				inserted.Add(1)
				if _, again := given.LoadOrStore(r.PIN.Digits, true); again || r.PIN.Digits != left[r.Taken] {
					t.Errorf("%s was given before, or not in its turn", r.PIN.Digits)
				}
				return
			}
			left = left[r.Taken:]
		}
	})
	if inserted.Load() != crowd-1 || held(t, s, "ST_a") != crowd-1 {
		t.Errorf("%d inserted, %d held, want %d", inserted.Load(), held(t, s, "ST_a"), crowd-1)
	}
}

func rushOnOneRoom(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4, "+33123456789")
	addTrunk(t, s, "ST_b", 4, "+33123456780")
	a := allocator(t, s)
	room := newRoom()
	var digits sync.Map
	rush(func(int) {
		pin, err := a.Allocate(t.Context(), room, "")
		if err != nil {
			t.Error(err)
		}
		digits.Store(pin.TrunkID+pin.Digits, true)
	})
	n := 0
	digits.Range(func(any, any) bool { n++; return true })
	if total := held(t, s, "ST_a") + held(t, s, "ST_b"); n != 1 || total != 1 {
		t.Errorf("%d different answers, %d PINs, want 1 and 1", n, total)
	}
}

func rushOfSweeps(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	for i := range 200 {
		room := newRoom()
		give(t, s, "ST_a", pad4(i), room)
		must(t, s.ReleasePINs(t.Context(), room, start))
	}
	var deleted atomic.Int64
	rush(func(int) {
		n, err := s.DeleteExpired(t.Context(), start, 7)
		if err != nil {
			t.Error(err)
		}
		deleted.Add(int64(n))
	})
	if got := deleted.Load() + held(t, s, "ST_a"); got != 200 {
		t.Errorf("%d deleted, %d held, want 200 together", deleted.Load(), held(t, s, "ST_a"))
	}
}

func pad4(i int) string {
	return string([]byte{'0' + byte(i/1000%10), '0' + byte(i/100%10), '0' + byte(i/10%10), '0' + byte(i%10)})
}

func allocator(t *testing.T, s Store) *pins.Allocator {
	t.Helper()
	m, err := pins.NewMetrics(prometheus.NewRegistry())
	must(t, err)
	rules := pins.Rules{MaxDraws: 5, Quarantine: time.Hour, Grace: time.Hour}
	return pins.NewAllocator(s, rules, clock.System{}, rand.Reader, slog.New(slog.DiscardHandler), m)
}

// rushIsSpread lets a crowd on two replicas give rooms PINs: the trunks fill
// together.
func rushIsSpread(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4, "+33123456789")
	addTrunk(t, s, "ST_b", 4, "+33123456780")
	fillWith(t, s, 2000)
	a, b := held(t, s, "ST_a"), held(t, s, "ST_b")
	if a+b != 2000 || max(a, b)-min(a, b) > 100 {
		t.Errorf("held %d and %d, want 2000 together and one per cent apart at most", a, b)
	}
}

// fillWith gives rooms PINs by a crowd on two replicas, and none may be refused.
func fillWith(t *testing.T, s Store, rooms int64) []*pins.Allocator {
	t.Helper()
	replicas := []*pins.Allocator{allocator(t, s), allocator(t, s)}
	var next atomic.Int64
	rush(func(i int) {
		for next.Add(1) <= rooms {
			if _, err := replicas[i%2].Allocate(t.Context(), newRoom(), ""); err != nil {
				t.Error(err)
				return
			}
		}
	})
	return replicas
}

// FillTrunk lets a crowd on two replicas fill a trunk to its last PIN. Nobody is
// refused before the end and everybody after it, until there is a new trunk. It
// is for databases that several processes share, and takes 10,000 writes.
func FillTrunk(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4, "+33123456789")
	replicas := fillWith(t, s, 10_000)
	same(t, "PINs held", held(t, s, "ST_a"), 10_000)
	_, err := replicas[0].Allocate(t.Context(), newRoom(), "")
	wantReason(t, err, apierr.PinsExhausted)
	addTrunk(t, s, "ST_b", 10, "+33123456780")
	for _, replica := range replicas {
		pin, err := replica.Allocate(t.Context(), newRoom(), "")
		must(t, err)
		same(t, "trunk of the next room", pin.TrunkID, "ST_b")
	}
}

// rushAgainstDeletion closes and deletes a trunk under a crowd: no PIN is left
// on a trunk that said it was empty.
func rushAgainstDeletion(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 10, "+33123456789")
	addTrunk(t, s, "ST_b", 10, "+33123456780")
	a := allocator(t, s)
	rush(func(i int) {
		if i == crowd/2 {
			setState(t, s, "ST_a", trunks.Disabled)
			if err := s.DeleteTrunk(t.Context(), "ST_a"); err != nil && !apierr.Has(err, apierr.TrunkNotEmpty) {
				t.Error(err)
			}
			return
		}
		if _, err := a.Allocate(t.Context(), newRoom(), ""); err != nil {
			t.Error(err)
		}
	})
	total := int64(0)
	list, err := s.Fills(t.Context())
	must(t, err)
	for _, f := range list {
		total += f.Held
	}
	if total != crowd-1 {
		t.Errorf("%d PINs for %d rooms", total, crowd-1)
	}
}
