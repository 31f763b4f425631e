package storetest

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
)

func testRevoke(t *testing.T, s Store) {
	ctx := t.Context()
	for name, c := range map[string]struct {
		sub, sid string
		ended    []string
	}{
		"a session of a person":    {"ada", "1", []string{"ada 1", "ada without"}},
		"a session":                {"", "1", []string{"ada 1"}},
		"a person":                 {"ada", "", []string{"ada 1", "ada 2", "ada without"}},
		"a session of another":     {"bob", "1", nil},
		"an unknown session":       {"", "3", nil},
		"an unknown person":        {"eve", "", nil},
		"of a person, unknown sid": {"bob", "2", nil},
	} {
		user := addUser(t, s, name) // by which nothing is decided
		living := map[string]sessions.Session{"anonymous": addSession(t, s, "")}
		for label, ids := range map[string][2]string{
			"ada 1": {"ada", "1"}, "ada 2": {"ada", "2"}, "ada without": {"ada", ""}, "bob": {"bob", "4"},
		} {
			session := sessions.Session{
				Hash: sessions.NewToken().Hash(), UserID: user.ID, ProviderSub: ids[0], ProviderSid: ids[1],
				Created: noon, Expires: noon.Add(time.Hour),
			}
			check(t, s.AddSession(ctx, session))
			living[label] = session
		}
		r := sessions.Revocation{TokenID: name, Expires: noon.Add(time.Hour), Sub: c.sub, Sid: c.sid}
		count, err := s.Revoke(ctx, r)
		if err != nil || count != len(c.ended) {
			t.Errorf("%s: %d ended, %v", name, count, err)
		}
		for label, session := range living {
			_, _, err := s.FindSession(ctx, session.Hash, noon)
			if apierr.Has(err, apierr.SessionNotFound) != slices.Contains(c.ended, label) {
				t.Errorf("%s: session %q: %v", name, label, err)
			}
		}
		_, err = s.Revoke(ctx, r)
		wantReason(t, err, apierr.LogoutTokenInvalid)
		for session := range maps.Values(living) {
			check(t, s.DeleteSession(ctx, session.Hash))
		}
	}
	// Tokens are remembered as long as they could be used.
	deleted, err := s.DeleteExpired(ctx, noon.Add(time.Hour-time.Microsecond), 100)
	if must(t, deleted, err); deleted != 0 {
		t.Errorf("%d tokens forgotten too early", deleted)
	}
	deleted, err = s.DeleteExpired(ctx, noon.Add(time.Hour), 5)
	if must(t, deleted, err); deleted != 5 {
		t.Errorf("%d tokens forgotten, want 5 at a time", deleted)
	}
}

func testConcurrentRevoke(t *testing.T, s Store) {
	var used atomic.Int32
	together(func(int) {
		_, err := s.Revoke(t.Context(), sessions.Revocation{TokenID: "once", Expires: noon, Sub: "ada"})
		if err == nil {
			used.Add(1)
		} else {
			wantReason(t, err, apierr.LogoutTokenInvalid)
		}
	})
	if used.Load() != 1 {
		t.Errorf("used %d times", used.Load())
	}
}
