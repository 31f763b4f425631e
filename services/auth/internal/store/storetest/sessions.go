package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
)

func testSessionLife(t *testing.T, s Store) {
	ctx := t.Context()
	ada := addUser(t, s, "ada")
	anonymous := addSession(t, s, "")
	session := sessions.Session{
		Hash: sessions.NewToken().Hash(), UserID: ada.ID, IDToken: []byte{0, 1, 2}, ProviderSub: "ada", ProviderSid: "1",
		Created: noon, Expires: noon.Add(time.Hour),
	}
	check(t, s.AddSession(ctx, session))

	got, user, err := s.FindSession(ctx, session.Hash, noon)
	if err != nil || !reflect.DeepEqual(got, session) || user == nil || !reflect.DeepEqual(*user, ada) {
		t.Errorf("got %+v of %+v, %v", got, user, err)
	}
	got, user, err = s.FindSession(ctx, anonymous.Hash, noon)
	if err != nil || !reflect.DeepEqual(got, anonymous) || user != nil {
		t.Errorf("anonymous: got %+v of %+v, %v", got, user, err)
	}
	if _, _, err := s.FindSession(ctx, session.Hash, session.Expires.Add(-time.Microsecond)); err != nil {
		t.Errorf("at the last moment: %v", err)
	}
	_, _, err = s.FindSession(ctx, session.Hash, session.Expires)
	wantReason(t, err, apierr.SessionNotFound)
	_, _, err = s.FindSession(ctx, sessions.Token("unknown").Hash(), noon)
	wantReason(t, err, apierr.SessionNotFound)

	check(t, s.DeleteSession(ctx, session.Hash))
	check(t, s.DeleteSession(ctx, session.Hash)) // gone already
	_, _, err = s.FindSession(ctx, session.Hash, noon)
	wantReason(t, err, apierr.SessionNotFound)
}

func testReplaceSession(t *testing.T, s Store) {
	ctx := t.Context()
	ada, old := addUser(t, s, "ada"), addSession(t, s, "")
	check(t, s.AddAttempt(ctx, old.Hash, attempt("other tab", noon), 50))
	next := sessions.Session{Hash: sessions.NewToken().Hash(), UserID: ada.ID, Created: noon, Expires: noon.Add(time.Hour)}
	check(t, s.ReplaceSession(ctx, old.Hash, next))

	_, _, err := s.FindSession(ctx, old.Hash, noon)
	wantReason(t, err, apierr.SessionNotFound)
	if got, user, err := s.FindSession(ctx, next.Hash, noon); err != nil || user == nil || !reflect.DeepEqual(got, next) {
		t.Errorf("got %+v of %+v, %v", got, user, err)
	}
	if _, err := s.TakeAttempt(ctx, next.Hash, "other tab", noon); err != nil {
		t.Errorf("the attempt did not move: %v", err)
	}
	// The old one is gone: the new one is made all the same.
	another := sessions.Session{Hash: sessions.NewToken().Hash(), UserID: ada.ID, Created: noon, Expires: noon.Add(time.Hour)}
	check(t, s.ReplaceSession(ctx, old.Hash, another))
	if _, _, err := s.FindSession(ctx, another.Hash, noon); err != nil {
		t.Error(err)
	}
}

func testLogoutState(t *testing.T, s Store) {
	session := addSession(t, s, "")
	check(t, s.SetLogoutState(t.Context(), session.Hash, "state"))
	got, _, err := s.FindSession(t.Context(), session.Hash, noon)
	if err != nil || got.LogoutState != "state" {
		t.Errorf("got %+v, %v", got, err)
	}
	wantReason(t, s.SetLogoutState(t.Context(), sessions.Token("unknown").Hash(), "state"), apierr.SessionNotFound)
}

func testAttempts(t *testing.T, s Store) {
	ctx := t.Context()
	session, other := addSession(t, s, ""), addSession(t, s, "")
	want := attempt("state", noon)
	wantReason(t, s.AddAttempt(ctx, sessions.Token("unknown").Hash(), want, 50), apierr.SessionNotFound)
	has := func(hash sessions.Hash, now time.Time) bool {
		found, err := s.HasAttempts(ctx, hash, now)
		return must(t, found, err)
	}
	if has(session.Hash, noon) {
		t.Error("an attempt too early")
	}
	check(t, s.AddAttempt(ctx, session.Hash, want, 50))
	if !has(session.Hash, noon) || has(session.Hash, want.Expires) || has(other.Hash, noon) {
		t.Error("HasAttempts is wrong")
	}
	for name, take := range map[string]struct {
		hash  sessions.Hash
		state string
		now   time.Time
	}{
		"another session": {other.Hash, "state", noon},
		"another state":   {session.Hash, "State", noon},
		"too late":        {session.Hash, "state", want.Expires},
	} {
		if _, err := s.TakeAttempt(ctx, take.hash, take.state, take.now); !apierr.Has(err, apierr.LoginStateUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := s.TakeAttempt(ctx, session.Hash, "state", want.Expires.Add(-time.Microsecond))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = s.TakeAttempt(ctx, session.Hash, "state", noon)
	wantReason(t, err, apierr.LoginStateUnknown)

	check(t, s.AddAttempt(ctx, session.Hash, want, 50))
	check(t, s.DeleteSession(ctx, session.Hash))
	if has(session.Hash, noon) {
		t.Error("the attempt outlived its session")
	}
}

func testAttemptLimit(t *testing.T, s Store) {
	ctx := t.Context()
	session, other := addSession(t, s, ""), addSession(t, s, "")
	check(t, s.AddAttempt(ctx, other.Hash, attempt("other", noon.Add(-time.Minute)), 3))
	for i := range 5 {
		check(t, s.AddAttempt(ctx, session.Hash, attempt(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Second)), 3))
	}
	for i := range 5 {
		_, err := s.TakeAttempt(ctx, session.Hash, fmt.Sprint(i), noon)
		if kept := err == nil; kept != (i >= 2) {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	if _, err := s.TakeAttempt(ctx, other.Hash, "other", noon); err != nil {
		t.Errorf("of another session: %v", err)
	}
}

func testDeleteExpired(t *testing.T, s Store) {
	ctx := t.Context()
	alive := sessions.Session{Hash: sessions.NewToken().Hash(), Created: noon, Expires: noon.Add(48 * time.Hour)}
	check(t, s.AddSession(ctx, alive))
	for i := range 3 {
		addSession(t, s, "")
		check(t, s.AddAttempt(ctx, alive.Hash, attempt(fmt.Sprint(i), noon), 50))
	}
	check(t, s.AddAttempt(ctx, alive.Hash, attempt("young", noon.Add(time.Hour)), 50))
	now := noon.Add(time.Hour) // the sessions expire at this very moment
	for _, want := range []int{4, 2, 0} {
		if got, err := s.DeleteExpired(ctx, now, 2); err != nil || got != want {
			t.Errorf("deleted %d, %v; want %d", got, err, want)
		}
	}
	if _, _, err := s.FindSession(ctx, alive.Hash, now); err != nil {
		t.Error(err)
	}
	if _, err := s.TakeAttempt(ctx, alive.Hash, "young", now); err != nil {
		t.Error(err)
	}
}
