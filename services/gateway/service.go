package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/services/gateway/internal/frontend"
	"github.com/parleymeet/parley/services/gateway/internal/web"
)

// Deps are what the gateway is built on. None of the peers needs to be up.
type Deps struct {
	Auth, Room, Telephony grpc.ClientConnInterface
	Logger                *slog.Logger
	Registry              prometheus.Registerer
	Clock                 clock.Clock
	// Tracer makes a trace of every request to the API. nil: no traces.
	Tracer trace.TracerProvider
	// Bound, when not nil, is called with the address of the HTTP server once it is taken.
	Bound func(net.Addr)
}

// Service is the gateway.
type Service struct {
	handler http.Handler
	http    run.Component
	// root is the frontend's directory; nil for none.
	root *os.Root
	auth authv1.KeyServiceClient
	dial telephonyv1.DirectoryServiceClient
}

// New builds the gateway.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Service{
		auth: authv1.NewKeyServiceClient(deps.Auth),
		dial: telephonyv1.NewDirectoryServiceClient(deps.Telephony),
	}
	if err := s.buildHTTP(&cfg, deps); err != nil {
		return nil, err
	}
	return s, nil
}

// buildHTTP makes the handler and its server.
func (s *Service) buildHTTP(cfg *Config, deps Deps) (err error) {
	var files fs.FS
	if cfg.FrontendDir != "" {
		// A root, so that no link in the directory leads out of it.
		if s.root, err = os.OpenRoot(cfg.FrontendDir); err != nil {
			return fmt.Errorf("FRONTEND_DIR: %w", err)
		}
		files = s.root.FS()
	}
	s.handler, err = web.New(web.Options{
		Auth: deps.Auth, Room: deps.Room,
		Facade: frontend.New(frontend.Deps{
			Auth: deps.Auth, Room: deps.Room, Telephony: deps.Telephony, Config: cfg.Browser.message(cfg.LiveKitURL),
			BaseURL: strings.TrimRight(cfg.ApplicationBaseURL, "/"), Clock: deps.Clock, Logger: deps.Logger,
		}),
		Login: web.LoginSettings{
			ReturnToParameter: cfg.RedirectFieldName, ReturnToHosts: cfg.RedirectAllowedHosts, ReturnToHTTPSOnly: cfg.RedirectRequireHTTPS,
			Home: cfg.LoginRedirectURL, Failure: cfg.LoginRedirectURLFailure, AfterLogout: cfg.LogoutRedirectURL,
			LogoutByPostOnly: !cfg.LogoutByGet, Development: cfg.DevelopmentLogin,
		},
		CookieSecure: cfg.cookieSecure(), TrustedOrigins: cfg.CSRFTrustedOrigins, AllowedOrigins: cfg.CORSAllowedOrigins,
		TrustedProxies: cfg.TrustedProxies, Limits: cfg.Limits, ExternalAPI: cfg.ExternalAPI, Applications: cfg.Applications,
		Frontend: files, LiveKitURL: cfg.LiveKitURL, ContentOrigins: cfg.contentOrigins(), FrameAncestors: cfg.FrameAncestors,
		Logger: deps.Logger, Registry: deps.Registry, Tracer: deps.Tracer, Clock: deps.Clock,
	})
	if err != nil {
		return err
	}
	s.http = run.HTTPServer("gateway", &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(deps.Logger.Handler(), slog.LevelDebug), // broken connections of clients
	}, run.Address{Setting: "HTTP_ADDR", Addr: cfg.HTTPAddr, Bound: deps.Bound})
	return nil
}

// Handler returns the gateway's HTTP handler.
func (s *Service) Handler() http.Handler { return s.handler }

// Component returns the gateway's life.
func (s *Service) Component() run.Component {
	return run.Component{
		Name:  "gateway",
		Start: s.http.Start,
		Run:   s.http.Run,
		Stop: func(ctx context.Context) error {
			err := s.http.Stop(ctx)
			if s.root != nil {
				err = errors.Join(err, s.root.Close())
			}
			return err
		},
	}
}

// Checks watches the peers. Without auth nobody is known, but pages still load,
// so no peer is required.
func (s *Service) Checks(r *obs.Readiness) {
	r.Watch("auth", func(ctx context.Context) error {
		_, err := s.auth.ListKeys(ctx, &authv1.ListKeysRequest{})
		return err
	})
	r.Watch("telephony", func(ctx context.Context) error {
		_, err := s.dial.ListNumbers(ctx, &telephonyv1.ListNumbersRequest{})
		return err
	})
}
