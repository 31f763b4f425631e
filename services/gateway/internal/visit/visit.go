// Package visit carries what the HTTP side of the gateway knows about a request
// to the facade behind it: who asks, and by which URL.
//
// It travels in the request's context, which never leaves the process: of it
// only the assertion goes on to the services.
package visit

import (
	"context"

	"github.com/parleymeet/parley/pkg/identity"
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

type visitKey struct{}

// noted is a visit on its way, with what the facade leaves for the HTTP side.
type noted struct {
	Visit
	keptPass string
}

// With returns a context in which the facade finds the visit.
func With(ctx context.Context, v Visit) context.Context {
	return context.WithValue(ctx, visitKey{}, &noted{Visit: v})
}

func notedIn(ctx context.Context) *noted {
	if n, ok := ctx.Value(visitKey{}).(*noted); ok {
		return n
	}
	return &noted{}
}

// Of returns the visit of a request.
func Of(ctx context.Context) Visit { return notedIn(ctx).Visit }

// Enter returns the visit of a request. Calls made under the context that it
// returns carry the visitor's assertion.
func Enter(ctx context.Context) (context.Context, Visit) {
	v := Of(ctx)
	return identity.WithAssertion(ctx, v.Assertion), v
}

// KeepPass makes the HTTP side give the browser a pass to show at its next visits.
func KeepPass(ctx context.Context, pass string) { notedIn(ctx).keptPass = pass }

// KeptPass returns the pass of KeepPass; empty for none.
func KeptPass(ctx context.Context) string { return notedIn(ctx).keptPass }
