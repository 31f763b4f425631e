package lobby

import (
	"testing"
	"time"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	now := time.Unix(1768478400, 0)
	p := newPlaces(2)
	here, there := doorstepOf("room", "192.0.2.1"), doorstepOf("room", "192.0.2.2")
	take := func(at doorstep, id string, want bool) {
		t.Helper()
		if got := p.take(at, id, now, now.Add(3*time.Second)); got != want {
			t.Errorf("%s at %v: %v", id, at, got)
		}
	}
	stands := func(id string, status Status, life time.Duration) {
		p.settle(here, id, Entry{Status: status, ExpiresAt: now.Add(life)})
	}
	take(here, "a", true)
	take(here, "b", true)
	take(here, "a", true)
	take(here, "c", false)
	take(there, "c", true)
	take(doorstepOf("other", "192.0.2.1"), "c", true)

	stands("a", Waiting, time.Minute) // asks rarely
	stands("b", Waiting, 3*time.Second)
	now = now.Add(3 * time.Second)
	take(here, "c", true) // in the place of b
	take(here, "b", false)
	stands("c", Accepted, time.Hour)
	take(here, "b", true)
	stands("b", "", 0) // the room is gone
	take(here, "c", true)
	take(here, "b", false)

	now = now.Add(time.Hour)
	take(there, "z", true)
	if len(p.taken) != 1 {
		t.Errorf("after an hour: %v", p.taken)
	}
	stands("a", Waiting, time.Minute) // long after its doorstep was swept
	if p = newPlaces(0); !p.take(here, "a", now, now) {
		t.Error("no limit is none")
	}
}
