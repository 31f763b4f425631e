package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Store is what a backend must be.
type Store interface {
	users.Store
	sessions.Store
	keys.Store
	applications.Store
}

// Run runs the suite; newStore returns an empty store of its own for each test.
func Run(t *testing.T, newStore func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, Store){
		"users/log-in":            testLogIn,
		"users/renew":             testRenew,
		"users/find":              testFindUsers,
		"users/change":            testChangeUser,
		"users/search":            testSearchUsers,
		"users/rights":            testRights,
		"sessions/life":           testSessionLife,
		"sessions/replace":        testReplaceSession,
		"sessions/log-out state":  testLogoutState,
		"sessions/revoke":         testRevoke,
		"sessions/attempts":       testAttempts,
		"sessions/attempt limit":  testAttemptLimit,
		"sessions/delete expired": testDeleteExpired,
		"keys":                    testKeys,
		"applications":            testApplications,
		"applications/change":     testChangeApplication,
		"applications/secrets":    testSecrets,
		"applications/last use":   testTouchApplication,
		"applications/users":      testProvisionalUsers,
		"concurrency/log-in":      testConcurrentLogIn,
		"concurrency/take":        testConcurrentTake,
		"concurrency/limit":       testConcurrentLimit,
		"concurrency/change":      testConcurrentChange,
		"concurrency/replace":     testConcurrentReplace,
		"concurrency/application": testConcurrentApplication,
		"concurrency/rename":      testConcurrentRename,
		"concurrency/revoke":      testConcurrentRevoke,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStore(t))
		})
	}
}

var noon = time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)

func ptr[T any](v T) *T { return &v }

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares lists of users; none may be nil or empty.
func same(got, want []users.User) bool {
	return len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want)
}

func wantReason(t *testing.T, err error, reason apierr.Reason) {
	t.Helper()
	if !apierr.Has(err, reason) {
		t.Errorf("got %v, want %v", err, reason)
	}
}

// claimsOf are those of a person whose names derive from its sub.
func claimsOf(sub string) users.Claims {
	return users.Claims{Sub: sub, Email: sub + "@Example.org", FullName: "Full " + sub, ShortName: "Short"}
}

// fresh is the new user of claims.
func fresh(c users.Claims) users.User {
	return users.User{
		ID: uuid.NewString(), Sub: c.Sub, Email: c.Email, FullName: c.FullName, ShortName: c.ShortName, OperatorClaim: c.Operator, Active: true,
		Timezone: users.DefaultTimezone, Language: users.DefaultLanguage,
		RoomConfiguration: map[string]any{}, Created: noon,
	}
}

func addUser(t *testing.T, s Store, sub string) users.User {
	t.Helper()
	c := claimsOf(sub)
	u, err := s.LogIn(t.Context(), c, fresh(c))
	return must(t, u, err)
}

func addSession(t *testing.T, s Store, userID string) sessions.Session {
	t.Helper()
	session := sessions.Session{Hash: sessions.NewToken().Hash(), UserID: userID, Created: noon, Expires: noon.Add(time.Hour)}
	check(t, s.AddSession(t.Context(), session))
	return session
}

func attempt(state string, created time.Time) sessions.Attempt {
	return sessions.Attempt{
		Attempt: provider.Attempt{
			State: state, Nonce: "n", Verifier: "v", Code: "c", LoginHint: "ada@example.org",
			RedirectURI: "http://127.0.0.1/callback/", Silent: true,
		},
		ReturnTo: "/room", Created: created, Expires: created.Add(10 * time.Minute),
	}
}
