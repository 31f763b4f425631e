// Package visit carries what the HTTP side of the gateway knows about a request
// to the facade server behind it: who asks, and by which URL.
//
// It travels as gRPC metadata over the connection inside the process. No header
// of a client ever becomes such metadata: the web package forwards none.
package visit

import (
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/parleymeet/parley/pkg/identity"
)

const (
	userKey      = "parley-visit-user"
	assertionKey = "parley-visit-assertion"
	urlKey       = "parley-visit-url"
)

// Visit is one request. The zero value is an anonymous one.
type Visit struct {
	// UserID is the logged-in user's UUID; empty for an anonymous visitor.
	UserID string
	// Assertion is auth's proof of the user, for the one service that the route calls.
	Assertion string
	// URL is the absolute URL by which the client came, for links to other pages.
	URL string
}

// Metadata returns the visit for the way to the facade.
func (v Visit) Metadata() metadata.MD {
	return metadata.Pairs(userKey, v.UserID, assertionKey, v.Assertion, urlKey, v.URL)
}

// Enter reads the visit of a call that arrived at the facade. Calls made under
// the context that it returns carry the visitor's assertion.
func Enter(ctx context.Context) (context.Context, Visit) {
	v := Visit{UserID: first(ctx, userKey), Assertion: first(ctx, assertionKey), URL: first(ctx, urlKey)}
	return identity.WithAssertion(ctx, v.Assertion), v
}

func first(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}
