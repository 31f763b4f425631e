package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

func claim(t *testing.T, s Store) {
	// Three rooms, due at one, two and three seconds past the lease.
	ids := make([]string, 0, 3)
	for i, name := range []string{"a", "b", "c"} {
		m := newRoom(name, uuid.NewString())
		m.room.PhoneCountry = map[string]string{"a": "FR"}[name]
		due := start.Add(lease + time.Duration(i)*time.Second)
		if err := s.Create(t.Context(), m.due(due)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.room.ID)
	}
	if got := claimAll(t, s, outbox.Allocate, start.Add(lease-time.Microsecond)); len(got) != 0 {
		t.Fatalf("claimed a leased task: %v", got)
	}
	now := start.Add(lease + time.Second)
	if got := claimAll(t, s, outbox.Release, now); len(got) != 0 {
		t.Fatalf("claimed another action: %v", got)
	}
	first, err := s.Claim(t.Context(), outbox.Allocate, now, now.Add(lease), 1)
	if err != nil || len(first) != 1 || first[0].RoomID != ids[0] {
		t.Fatalf("claimed %v, error %v; want the longest due", first, err)
	}
	want := outbox.Task{RoomID: ids[0], Action: outbox.Allocate, Version: start.UnixMicro() + 1, Country: "FR"}
	if first[0] != want {
		t.Errorf("task %+v, want %+v", first[0], want)
	}
	second := claimAll(t, s, outbox.Allocate, now)
	if len(second) != 1 || second[0].RoomID != ids[1] {
		t.Fatalf("claimed %v, want only the second", second)
	}
	// An abandoned claim comes due again when its lease ends, and no sooner.
	again := claimAll(t, s, outbox.Allocate, now.Add(lease-time.Microsecond))
	if len(again) != 1 || again[0].RoomID != ids[2] {
		t.Fatalf("claimed %v, want only the third", again)
	}
	if again = claimAll(t, s, outbox.Allocate, now.Add(lease)); len(again) != 2 {
		t.Fatalf("claimed %v, want the two abandoned", again)
	}
	if n := pending(t, s, outbox.Allocate); n != 3 {
		t.Errorf("%d pending", n)
	}
}

func settle(t *testing.T, s Store) {
	userID := uuid.NewString()
	create(t, s, "a", userID)
	create(t, s, "b", userID)
	now := start.Add(lease)
	tasks := claimAll(t, s, outbox.Allocate, now)
	if len(tasks) != 2 {
		t.Fatalf("claimed %v", tasks)
	}
	due := now.Add(20 * time.Second)
	postponed := outbox.Postponed{Task: tasks[1], Due: due, Reason: "telephony: away"}
	postponed.Attempts = 4
	if err := s.Settle(t.Context(), tasks[:1], []outbox.Postponed{postponed}); err != nil {
		t.Fatal(err)
	}
	if n := pending(t, s, outbox.Allocate); n != 1 {
		t.Errorf("%d pending", n)
	}
	if got := claimAll(t, s, outbox.Allocate, due.Add(-time.Microsecond)); len(got) != 0 {
		t.Errorf("claimed before it is due: %v", got)
	}
	got := claimAll(t, s, outbox.Allocate, due)
	if len(got) != 1 || got[0].RoomID != tasks[1].RoomID || got[0].Attempts != 4 {
		t.Errorf("claimed %+v", got)
	}
	if err := s.Settle(t.Context(), nil, nil); err != nil {
		t.Errorf("settling nothing: %v", err)
	}
}

// settleIsForTheClaim proves that who lost a lease cannot end the delivery of
// who has it.
func settleIsForTheClaim(t *testing.T, s Store) {
	create(t, s, "a", uuid.NewString())
	now := start.Add(lease)
	stale := claimAll(t, s, outbox.Allocate, now)
	fresh := claimAll(t, s, outbox.Allocate, now.Add(lease))
	if len(stale) != 1 || len(fresh) != 1 {
		t.Fatalf("claimed %v, then %v", stale, fresh)
	}
	if err := s.Settle(t.Context(), stale, []outbox.Postponed{{Task: stale[0], Due: now}}); err != nil {
		t.Fatal(err)
	}
	if got := claimAll(t, s, outbox.Allocate, now.Add(lease)); len(got) != 0 {
		t.Errorf("a stale claim ended the lease: %v", got)
	}
	if n := pending(t, s, outbox.Allocate); n != 1 {
		t.Errorf("a stale claim ended the task")
	}
	if err := s.Settle(t.Context(), fresh, nil); err != nil {
		t.Fatal(err)
	}
	if n := pending(t, s, outbox.Allocate); n != 0 {
		t.Errorf("%d pending", n)
	}
}

func deleteReplacesTask(t *testing.T, s Store) {
	m := create(t, s, "leased", uuid.NewString())
	release := outbox.Task{RoomID: m.room.ID, Action: outbox.Release, Version: 1}
	if err := s.Delete(t.Context(), m.room.ID, release, start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	// The allocation in flight ends: it must not take the release with it.
	if err := s.Settle(t.Context(), []outbox.Task{m.task}, nil); err != nil {
		t.Fatal(err)
	}
	if a, r := pending(t, s, outbox.Allocate), pending(t, s, outbox.Release); a != 0 || r != 1 {
		t.Fatalf("%d allocations, %d releases", a, r)
	}
	if got := claimAll(t, s, outbox.Release, start.Add(lease-time.Microsecond)); len(got) != 0 {
		t.Fatalf("the release overtakes the lease: %v", got)
	}
	got := claimAll(t, s, outbox.Release, start.Add(lease))
	if len(got) != 1 || got[0].Version <= m.task.Version {
		t.Fatalf("claimed %+v", got)
	}

	// Without a lease the release is due as asked, and starts without attempts.
	m = create(t, s, "idle", uuid.NewString())
	failed := outbox.Postponed{Task: m.task, Due: start, Reason: "no"}
	failed.Attempts = 3
	if err := s.Settle(t.Context(), nil, []outbox.Postponed{failed}); err != nil {
		t.Fatal(err)
	}
	release.RoomID = m.room.ID
	if err := s.Delete(t.Context(), m.room.ID, release, start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	got = claimAll(t, s, outbox.Release, start.Add(time.Second))
	if len(got) != 1 || got[0].RoomID != m.room.ID || got[0].Attempts != 0 {
		t.Fatalf("claimed %+v", got)
	}
}

func hold(t *testing.T, s Store) {
	m := create(t, s, "held", uuid.NewString())
	until := start.Add(2 * lease)
	held, err := s.Hold(t.Context(), m.task, until)
	if err != nil || held.RoomID != m.room.ID || held.Action != outbox.Allocate || held.Version <= m.task.Version {
		t.Fatalf("held %+v, error %v", held, err)
	}
	if got := claimAll(t, s, outbox.Allocate, until.Add(-time.Microsecond)); len(got) != 0 {
		t.Fatalf("claimed a held task: %v", got)
	}
	if _, err := s.Hold(t.Context(), m.task, start); err != nil { // earlier: the time stays
		t.Fatal(err)
	}
	if got := claimAll(t, s, outbox.Allocate, until.Add(-time.Microsecond)); len(got) != 0 {
		t.Fatalf("a shorter hold ended a longer: %v", got)
	}
	if err := s.Settle(t.Context(), claimAll(t, s, outbox.Allocate, until), nil); err != nil {
		t.Fatal(err)
	}
	if held, err = s.Hold(t.Context(), m.task, until); err != nil || held != m.task {
		t.Fatalf("held anew %+v, error %v", held, err)
	}
	unknown := outbox.Task{RoomID: uuid.NewString(), Action: outbox.Allocate, Version: 1}
	_, err = s.Hold(t.Context(), unknown, until)
	wantReason(t, err, apierr.RoomNotFound)
	if n := pending(t, s, outbox.Allocate); n != 1 {
		t.Errorf("%d pending", n)
	}
}
