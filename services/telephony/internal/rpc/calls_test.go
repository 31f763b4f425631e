package rpc

import (
	"testing"

	"github.com/parleymeet/parley/pkg/identity"
)

// TestReadsNumbers: where readers are named, no other operator over REST is one.
func TestReadsNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		readers []string
		user    *identity.User
		want    bool
	}{
		"nobody is named":    {nil, &identity.User{Email: "a@example.org"}, true},
		"one who is named":   {[]string{"b@example.org", "A@example.org"}, &identity.User{Email: "a@Example.org"}, true},
		"one who is not":     {[]string{"b@example.org"}, &identity.User{Email: "a@example.org"}, false},
		"one without e-mail": {[]string{"b@example.org"}, &identity.User{}, false},
		"the command line":   {[]string{"b@example.org"}, nil, true},
	} {
		ctx := t.Context()
		if c.user != nil {
			ctx = identity.WithUser(ctx, c.user)
		}
		if got := (&callServer{numberReaders: c.readers}).readsNumbers(ctx); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
