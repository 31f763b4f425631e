package web

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	swagger "github.com/swaggest/swgui/v5emb"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/parleymeet/parley/gen/openapi"
	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/gateway/internal/texts"
)

// LoginSettings say where log-ins lead.
type LoginSettings struct {
	// ReturnToParameter is the query parameter with the way back.
	ReturnToParameter string
	// ReturnToHosts are allowed besides the request's own.
	ReturnToHosts []string
	// ReturnToHTTPSOnly refuses ways back over http.
	ReturnToHTTPSOnly bool
	// Home, Failure and AfterLogout are where browsers go without a way back.
	Home, Failure, AfterLogout string
	// LogoutByPostOnly refuses log-outs by a mere link.
	LogoutByPostOnly bool
	// Development shows a page that asks for an e-mail.
	Development bool
}

// Options are what the HTTP side is built from.
type Options struct {
	// Auth and Room are connections to services.
	Auth, Room grpc.ClientConnInterface
	Facade     Facade

	Login          LoginSettings
	CookieSecure   bool
	TrustedOrigins []string
	// AllowedOrigins are pages elsewhere that may read answers of the API.
	AllowedOrigins []string
	TrustedProxies []netip.Prefix
	Limits         Limits
	// ExternalAPI serves applications under /external-api; Applications gives
	// them tokens there and takes those.
	ExternalAPI, Applications bool
	// Frontend are the frontend's files; nil for none.
	Frontend fs.FS
	// LiveKitURL and ContentOrigins may be reached by the frontend's pages.
	LiveKitURL     string
	ContentOrigins []string
	// FrameAncestors may show the frontend's pages in a frame.
	FrameAncestors []string

	Logger   *slog.Logger
	Registry prometheus.Registerer
	// Tracer makes a trace of every request to the API. nil: no traces.
	Tracer trace.TracerProvider
	Clock  clock.Clock
}

// New returns the gateway's HTTP handler.
func New(o Options) (http.Handler, error) {
	catalogues, err := texts.Load()
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	f := failures{log: o.Logger, texts: catalogues}
	by := origins{proxies: o.TrustedProxies}
	jar := cookies{secure: o.CookieSecure}
	bounds := newLimits(o.Limits, o.Clock)
	guard := csrf{origins: by, trusted: o.TrustedOrigins}
	facade, err := newAPI(o, sessions{
		client: authv1.NewSessionServiceClient(o.Auth), origins: by, csrf: guard,
		machines: machines{client: authv1.NewApplicationTokenServiceClient(o.Auth), enabled: o.Applications},
	}, jar, bounds, f)
	if err != nil {
		return nil, err
	}
	l := &login{
		client: authv1.NewLoginServiceClient(o.Auth), origins: by, csrf: guard, cookies: jar,
		returns:  returns{hosts: o.Login.ReturnToHosts, httpsOnly: o.Login.ReturnToHTTPSOnly},
		settings: o.Login, failures: f, log: o.Logger,
	}
	hooks := webhooks{client: roomv1.NewEventServiceClient(o.Room), log: o.Logger}
	pages := map[string]http.Handler{}
	for _, p := range append(l.pages(), hooks.page()) {
		pages[p.path] = bounds.serve(p, by, f)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", shared(o.AllowedOrigins, underAPI(pages, facade)))
	mux.Handle("/backchannel-logout/{$}", pages[backChannelPath]) // where the contract's original has it, too
	if o.ExternalAPI {
		mux.Handle(externalPrefix, underAPI(nil, facade))
	} else {
		mux.HandleFunc(externalPrefix, func(w http.ResponseWriter, r *http.Request) { f.write(w, r, notFound()) })
	}
	mux.Handle("/docs/", docs())
	if o.Frontend != nil {
		mux.Handle("/", newStatic(o.Frontend, contentPolicy(o.LiveKitURL, o.ContentOrigins, o.FrameAncestors)))
	} else {
		mux.HandleFunc("/{$}", landing)
	}
	return newObserver(secured(len(o.FrameAncestors) > 0, mux), f, o)
}

// underAPI serves paths with and without a trailing slash, and HEAD like GET. It
// changes the request, which the observer has copied.
func underAPI(pages map[string]http.Handler, facade http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := *r.URL
		r.URL = &address
		r.URL.Path, r.URL.RawPath = strings.TrimSuffix(r.URL.Path, "/"), ""
		if page, ok := pages[r.URL.Path]; ok {
			page.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodHead {
			r.Method = http.MethodGet // the server writes no body to HEAD by itself
		}
		facade.ServeHTTP(w, r)
	})
}

// docs serves the OpenAPI document and a page to browse it.
func docs() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /docs/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(openapi.JSON) // the client may have gone
	})
	page := swagger.New("Parley", "/docs/openapi.json", "/docs/")
	mux.HandleFunc("GET /docs/", func(w http.ResponseWriter, r *http.Request) {
		// The page starts itself with a script of its own text.
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		page.ServeHTTP(w, r)
	})
	zipped := gzhttp.GzipHandler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		notesOf(r.Context()).route = "GET docs"
		zipped.ServeHTTP(w, r)
	})
}

// landing is the start page of a server without frontend files.
func landing(w http.ResponseWriter, r *http.Request) {
	notesOf(r.Context()).route = "GET landing"
	writePage(w, http.StatusOK, landingPage, prefix)
}
