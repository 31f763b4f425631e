package keys_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/auth/internal/store/sqlite"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

const rotation = 24 * time.Hour

func newStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t *testing.T) *secret.Key {
	t.Helper()
	key, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRing(s keys.Store, key *secret.Key, clk clock.Clock) *keys.Ring {
	return keys.NewRing(s, key, clk, slog.New(slog.DiscardHandler), rotation)
}

func signer(t *testing.T, r *keys.Ring) identity.Signer {
	t.Helper()
	s, err := r.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRotation lives for a week in steps of ten minutes. Two replicas sign all the time
// and a service that only asks for unknown keys must verify everything.
func TestRotation(t *testing.T) {
	store, key, clk := newStore(t), newKey(t), clock.NewFake(noon)
	replicas := []*keys.Ring{newRing(store, key, clk), newRing(store, key, clk)}
	verifier := identity.NewVerifier("room", replicas[1].List, clk.Now)
	ada := identity.User{ID: "u", Sub: "s"}
	used := map[string]bool{}
	for range 7 * 24 * 6 {
		clk.Advance(10 * time.Minute)
		for _, ring := range replicas {
			s := signer(t, ring)
			used[s.KeyID] = true
			assertion, err := s.Sign(ada, "room", clk.Now())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), assertion); err != nil {
				t.Fatalf("at %v: %v", clk.Now(), err)
			}
			if err := ring.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := signer(t, replicas[0]), signer(t, replicas[1]); a.KeyID != b.KeyID {
			t.Fatalf("at %v the replicas sign with %s and %s", clk.Now(), a.KeyID, b.KeyID)
		}
	}
	if len(used) < 7 || len(used) > 8 {
		t.Errorf("%d keys in a week", len(used))
	}
	if list, err := replicas[0].List(t.Context()); err != nil || len(list) > 3 {
		t.Errorf("%d keys are kept, %v", len(list), err)
	}
}

// TestSuccessorIsKnownFirst checks that a key is listed before it signs, and
// verifies after it has retired.
func TestSuccessorIsKnownFirst(t *testing.T) {
	clk := clock.NewFake(noon)
	ring := newRing(newStore(t), newKey(t), clk)
	first := signer(t, ring).KeyID
	listed := map[string]time.Time{}
	for clk.Now().Before(noon.Add(rotation)) {
		clk.Advance(time.Minute)
		if err := ring.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := ring.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range list {
			if _, ok := listed[key.ID]; !ok {
				listed[key.ID] = clk.Now()
			}
		}
		current := signer(t, ring).KeyID
		if current == first {
			continue
		}
		if known := clk.Now().Sub(listed[current]); known < 5*time.Minute {
			t.Errorf("the successor signs %v after it was listed", known)
		}
		for _, key := range list {
			if key.ID == first && key.Expires.Sub(clk.Now()) > keys.MaxTokenLife {
				return
			}
		}
		t.Fatal("the first key verifies too short after it stopped signing")
	}
	t.Fatal("the key was never replaced")
}

func TestFirstStartOfManyReplicas(t *testing.T) {
	store, key, clk := newStore(t), newKey(t), clock.NewFake(noon)
	rings := make([]*keys.Ring, 8)
	var group sync.WaitGroup
	for i := range rings {
		rings[i] = newRing(store, key, clk)
		group.Go(func() {
			if _, err := rings[i].Signer(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	ids := map[string]bool{}
	for _, ring := range rings {
		if err := ring.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids[signer(t, ring).KeyID] = true
	}
	if len(ids) != 1 {
		t.Errorf("after the race replicas sign with %v", ids)
	}
}

func TestPrivateKeyIsSealed(t *testing.T) {
	store, clk := newStore(t), clock.NewFake(noon)
	first := signer(t, newRing(store, newKey(t), clk))
	stored, err := store.ListKeys(t.Context(), noon)
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if bytes.Contains(stored[0].Sealed, first.Key.Seed()) {
		t.Error("the private key is stored in the clear")
	}
	// Another SECRET_KEY: the old key still verifies, a new one signs.
	ring := newRing(store, newKey(t), clk)
	if second := signer(t, ring); second.KeyID == first.KeyID {
		t.Error("a key opened with the wrong secret")
	}
	if list, err := ring.List(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("listed %v, %v", list, err)
	}
}
