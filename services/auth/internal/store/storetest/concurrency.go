package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// writers is more than a pool of connections has.
const writers = 16

// together runs work many times at once.
func together(work func(i int)) {
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() { work(i) })
	}
	group.Wait()
}

func testConcurrentLogIn(t *testing.T, s Store) {
	ids := make([]string, writers)
	together(func(i int) {
		c := claimsOf("ada")
		user, err := s.LogIn(t.Context(), c, fresh(c))
		if err != nil {
			t.Error(err)
		}
		ids[i] = user.ID
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several users of one person: %v", ids)
		}
	}
}

func testConcurrentTake(t *testing.T, s Store) {
	session := addSession(t, s, "")
	check(t, s.AddAttempt(t.Context(), session.Hash, attempt("state", noon), 50))
	var taken atomic.Int32
	together(func(int) {
		_, err := s.TakeAttempt(t.Context(), session.Hash, "state", noon)
		if err == nil {
			taken.Add(1)
		} else {
			wantReason(t, err, apierr.LoginStateUnknown)
		}
	})
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
}

func testConcurrentLimit(t *testing.T, s Store) {
	const limit = 5
	session := addSession(t, s, "")
	together(func(i int) {
		if err := s.AddAttempt(t.Context(), session.Hash, attempt(fmt.Sprint(i), noon), limit); err != nil {
			t.Error(err)
		}
	})
	kept := 0
	for i := range writers {
		if _, err := s.TakeAttempt(t.Context(), session.Hash, fmt.Sprint(i), noon); err == nil {
			kept++
		}
	}
	if kept != limit {
		t.Errorf("%d attempts, want %d", kept, limit)
	}
}

func testConcurrentChange(t *testing.T, s Store) {
	ada := addUser(t, s, "ada")
	together(func(i int) {
		change := users.Change{Timezone: ptr("Europe/Paris")}
		if i%2 == 0 {
			change = users.Change{Language: ptr("fr-fr")}
		}
		if _, err := s.ChangeUser(t.Context(), ada.ID, change); err != nil {
			t.Error(err)
		}
	})
	got, err := s.FindUser(t.Context(), ada.ID)
	if err != nil || got.Timezone != "Europe/Paris" || got.Language != "fr-fr" {
		t.Errorf("a change was lost: %+v, %v", got, err)
	}
}

// testConcurrentReplace finishes the log-ins of many tabs at once, while others begin.
func testConcurrentReplace(t *testing.T, s Store) {
	ada, old := addUser(t, s, "ada"), addSession(t, s, "")
	together(func(i int) {
		if i%2 == 0 {
			err := s.AddAttempt(t.Context(), old.Hash, attempt(fmt.Sprint(i), noon), 50)
			if err != nil && !apierr.Has(err, apierr.SessionNotFound) {
				t.Error(err)
			}
			return
		}
		next := sessions.Session{Hash: sessions.NewToken().Hash(), UserID: ada.ID, Created: noon, Expires: noon.Add(time.Hour)}
		if err := s.ReplaceSession(t.Context(), old.Hash, next); err != nil {
			t.Error(err)
			return
		}
		if _, _, err := s.FindSession(t.Context(), next.Hash, noon); err != nil {
			t.Error(err)
		}
	})
	_, _, err := s.FindSession(t.Context(), old.Hash, noon)
	wantReason(t, err, apierr.SessionNotFound)
}
