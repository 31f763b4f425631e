package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

const (
	// requestTimeout bounds all that is asked of the services for one request.
	requestTimeout = grpcx.DefaultDeadline
	tracerName     = "github.com/parleymeet/parley/services/gateway"
)

// Facade serves the routes; frontend.Facade meets it.
type Facade interface {
	// Register has the mux call the facade.
	Register(mux *runtime.ServeMux) error
}

// api is the REST facade: grpc-gateway with the table of routes in front.
type api struct {
	table map[string]route
	off   map[string]offRoute
	// named are the paths that no id can be.
	named    map[string]bool
	sessions sessions
	cookies  cookies
	limits   *limits
	failures failures
	// meetings knows what meeting tokens are worth.
	meetings roomv1.ModerationServiceClient
	tracer   trace.Tracer // nil for no traces
}

// newAPI returns the handler of everything that has a route. Without
// applications the route on which they get tokens is not there.
func newAPI(o Options, s sessions, c cookies, l *limits, f failures) (http.Handler, error) {
	a := &api{
		table: routes(), off: off(), sessions: s, cookies: c, limits: l, failures: f,
		meetings: roomv1.NewModerationServiceClient(o.Room),
	}
	a.named = named(a.table, a.off)
	if o.Tracer != nil {
		a.tracer = o.Tracer.Tracer(tracerName)
	}
	if !o.Applications {
		delete(a.table, tokenRoute)
	}
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newMarshaler()),
		runtime.WithMiddlewares(a.admit),
		runtime.WithForwardResponseOption(a.succeed),
		runtime.WithErrorHandler(a.fail),
		runtime.WithRoutingErrorHandler(a.unrouted),
		// No header of a client becomes metadata, and none of the facade's a header.
		runtime.WithIncomingHeaderMatcher(noHeader),
		runtime.WithOutgoingHeaderMatcher(noHeader),
		runtime.WithOutgoingTrailerMatcher(noHeader),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithWriteContentLength(),
	)
	if err := o.Facade.Register(mux); err != nil {
		return nil, fmt.Errorf("register the facade: %w", err)
	}
	return mux, nil
}

func noHeader(string) (string, bool) { return "", false }

// admit runs before the body is decoded: route, visitor, limit, body, in this
// order. The request is a copy that grpc-gateway has made, and may be changed.
func (a *api) admit(next runtime.HandlerFunc) runtime.HandlerFunc {
	var once sync.Once
	var name, pattern string // of the one route for which admit was called
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		once.Do(func() {
			name = routeName(r)
			_, pattern, _ = strings.Cut(name, " ")
		})
		row, ok := a.table[name]
		notes := notesOf(r.Context())
		notes.route, notes.quiet = name, row.polled
		switch {
		case ok && a.named[r.URL.Path] && pattern != r.URL.Path: // no id can be called so
			a.unrouted(r.Context(), nil, nil, w, r, http.StatusMethodNotAllowed)
			return
		case !ok && name == tokenRoute:
			a.failures.write(w, r, notFound())
			return
		case !ok:
			a.failures.write(w, r, fmt.Errorf("no row for the route %q", name))
			return
		}
		for _, param := range params {
			if param == "" || strings.ContainsAny(param, "./\x00") || !utf8.ValidString(param) {
				a.failures.write(w, r, notFound())
				return
			}
		}
		v, err := a.sessions.visit(r, row)
		if err == nil {
			err = a.limits.admit(row.limit, v)
		}
		if err == nil {
			err = plainBody(w, r, row.form)
		}
		if err != nil {
			a.failures.write(w, r, err)
			return
		}
		ctx, end := a.begin(visit.With(r.Context(), v), name)
		defer end()
		r.URL = plainQuery(r.URL)
		next(w, r.WithContext(ctx), params)
	}
}

// begin bounds what is done for a request and begins its trace, whose name holds
// no path: paths may hold phone numbers.
func (a *api) begin(ctx context.Context, name string) (bounded context.Context, end func()) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	if a.tracer == nil {
		return ctx, cancel
	}
	ctx, span := a.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func() {
		span.End()
		cancel()
	}
}

// routeName is the key of a request's route in the table.
func routeName(r *http.Request) string {
	pattern, _ := runtime.HTTPPattern(r.Context())
	return r.Method + " " + strings.ReplaceAll(pattern.String(), "=*}", "}")
}

// plainQuery keeps the last value of each key, as the contract's original does,
// and makes all of them valid text.
func plainQuery(u *url.URL) *url.URL {
	if u.RawQuery == "" {
		return u
	}
	plain := url.Values{}
	for key, values := range u.Query() {
		plain.Set(strings.ToValidUTF8(key, "\uFFFD"), strings.ToValidUTF8(values[len(values)-1], "\uFFFD"))
	}
	copied := *u
	copied.RawQuery = plain.Encode()
	return &copied
}

// succeed gives a good answer its cookie, if it has one, and its status.
func (a *api) succeed(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
	if pass := visit.KeptPass(ctx); pass != "" {
		a.cookies.lobby(w, pass)
	}
	switch status := a.table[notesOf(ctx).route].success; status {
	case 0:
	case http.StatusNoContent:
		w.Header().Del("Content-Type")
		w.WriteHeader(status)
	default:
		w.WriteHeader(status)
	}
	return nil
}

// fail answers a request that a service refused.
func (a *api) fail(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if apierr.Has(err, apierr.TokenInvalid) {
		a.limits.blame(a.table[notesOf(ctx).route].limit, visit.Of(ctx))
	}
	a.failures.write(w, r, err)
}

// unrouted answers requests that no method of the facade takes. Where a path
// wants credentials, who has none is told that first.
func (a *api) unrouted(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, _ int) {
	path := r.URL.Path
	if name, row, ok := a.featureAt(r.Method, path); ok {
		notesOf(r.Context()).route = name
		a.refuse(w, r, row)
		return
	}
	methods, shared := a.methodsAt(path)
	if len(methods) == 0 {
		a.failures.write(w, r, notFound())
		return
	}
	v, err := a.sessions.visit(r, route{mode: shared, audience: forNobody})
	if err == nil {
		err = a.limits.admit(visiting, v)
	}
	if err != nil {
		a.failures.write(w, r, err)
		return
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	methods = append(methods, http.MethodOptions)
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a.failures.write(w, r, methodNotAllowed(r.Method, methods))
}

// featureAt returns the row for a request to a feature that is off.
func (a *api) featureAt(method, path string) (name string, row offRoute, ok bool) {
	for name, row := range a.off {
		if m, pattern, _ := strings.Cut(name, " "); m == method && a.fits(pattern, path) {
			return name, row, true
		}
	}
	return "", offRoute{}, false
}

func notFound() error { return apierr.New(apierr.MethodUnknown, "Not found.") }
