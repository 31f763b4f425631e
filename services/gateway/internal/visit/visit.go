// Package visit carries what the HTTP side of the gateway knows about a request
// to the facade server behind it: who asks, and by which URL.
//
// It travels as gRPC metadata over the connection inside the process. No header
// of a client ever becomes such metadata: the web package forwards none.
package visit

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/parleymeet/parley/pkg/identity"
)

const (
	userKey      = "parley-visit-user"
	assertionKey = "parley-visit-assertion"
	urlKey       = "parley-visit-url"
	addressKey   = "parley-visit-address"
	lobbyKey     = "parley-visit-lobby"
	meetingKey   = "parley-visit-meeting"
	languageKey  = "parley-visit-language"
)

// Visit is one request. The zero value is an anonymous one.
type Visit struct {
	// UserID is the logged-in user's UUID; empty for an anonymous visitor.
	UserID string
	// Assertion is auth's proof of the user or the application, for the one service that the route calls.
	Assertion string
	// URL is the absolute URL by which the client came, for links to other pages.
	URL string
	// Address is the IP address of the client.
	Address string
	// Pass is the browser's proof of who it is in lobbies; empty for none.
	Pass string
	// Bearer is the token that the browser entered a meeting with; empty for none.
	Bearer string
	// Language is the one that the browser wants most of those we speak: en, fr,
	// nl or de.
	Language string
}

// ByApplication says that an application visits, for a user or for itself.
func (v Visit) ByApplication() bool { return v.UserID == "" && v.Assertion != "" }

// Metadata returns the visit for the way to the facade.
func (v Visit) Metadata() metadata.MD {
	return metadata.Pairs(userKey, v.UserID, assertionKey, v.Assertion, urlKey, v.URL, addressKey, v.Address, lobbyKey, v.Pass, meetingKey, v.Bearer, languageKey, v.Language)
}

// Enter reads the visit of a call that arrived at the facade. Calls made under
// the context that it returns carry the visitor's assertion.
func Enter(ctx context.Context) (context.Context, Visit) {
	v := Visit{
		UserID: first(ctx, userKey), Assertion: first(ctx, assertionKey), URL: first(ctx, urlKey),
		Address: first(ctx, addressKey), Pass: first(ctx, lobbyKey), Bearer: first(ctx, meetingKey),
		Language: first(ctx, languageKey),
	}
	return identity.WithAssertion(ctx, v.Assertion), v
}

func first(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// KeepPass makes the HTTP side give the browser a pass to show at its next visits.
func KeepPass(ctx context.Context, pass string) error {
	return grpc.SetHeader(ctx, metadata.Pairs(lobbyKey, pass))
}

// KeptPass returns the pass of KeepPass from the metadata of the facade's
// answer; empty for none.
func KeptPass(answer metadata.MD) string {
	if values := answer.Get(lobbyKey); len(values) > 0 {
		return values[0]
	}
	return ""
}
