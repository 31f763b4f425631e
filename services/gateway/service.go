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
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
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
	// Tracer begins the trace of a request at its facade method, whose name holds
	// no path: paths may hold phone numbers. nil: no traces.
	Tracer trace.TracerProvider
	// Bound, when not nil, is called with the address of the HTTP server once it is taken.
	Bound func(net.Addr)
}

// Service is the gateway.
type Service struct {
	handler http.Handler
	http    run.Component
	facade  *grpcx.Server
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
	if err := s.buildFacade(&cfg, deps); err != nil {
		return nil, err
	}
	if err := s.buildHTTP(&cfg, deps); err != nil {
		return nil, err
	}
	return s, nil
}

// buildFacade makes the facade server.
func (s *Service) buildFacade(cfg *Config, deps Deps) (err error) {
	s.facade, err = grpcx.NewServer(grpcx.Options{
		Policy: frontend.Policy(),
		Logger: deps.Logger,
		Tracer: deps.Tracer,
		// In one process the suite's own server has metrics of the same names.
		Registry: prometheus.WrapRegistererWithPrefix("parley_facade_", deps.Registry),
	})
	if err != nil {
		return fmt.Errorf("facade: %w", err)
	}
	frontend.New(frontend.Deps{
		Auth: deps.Auth, Room: deps.Room, Telephony: deps.Telephony,
		Config: cfg.Browser.message(cfg.LiveKitURL), BaseURL: strings.TrimRight(cfg.ApplicationBaseURL, "/"), Clock: deps.Clock, Logger: deps.Logger,
	}).Register(s.facade)
	if err := s.facade.CheckPolicy(); err != nil {
		return fmt.Errorf("facade: %w", err)
	}
	return nil
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
		Auth: deps.Auth, Room: deps.Room, Facade: s.facade.Local(identity.CallerGateway),
		Login: web.LoginSettings{
			ReturnToParameter: cfg.RedirectFieldName, ReturnToHosts: cfg.RedirectAllowedHosts, ReturnToHTTPSOnly: cfg.RedirectRequireHTTPS,
			Home: cfg.LoginRedirectURL, Failure: cfg.LoginRedirectURLFailure, AfterLogout: cfg.LogoutRedirectURL,
			LogoutByPostOnly: !cfg.LogoutByGet, Development: cfg.DevelopmentLogin,
		},
		CookieSecure: cfg.cookieSecure(), TrustedOrigins: cfg.CSRFTrustedOrigins, AllowedOrigins: cfg.CORSAllowedOrigins,
		TrustedProxies: cfg.TrustedProxies, Limits: cfg.Limits, ExternalAPI: cfg.ExternalAPI, Applications: cfg.Applications,
		Frontend: files, LiveKitURL: cfg.LiveKitURL, ContentOrigins: cfg.ContentOrigins,
		Logger: deps.Logger, Registry: deps.Registry, Clock: deps.Clock,
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

// Handler returns the gateway's HTTP handler. It answers API calls while the
// component runs, which serves the facade behind it.
func (s *Service) Handler() http.Handler { return s.handler }

// Component returns the gateway's life: the HTTP server in front, the facade behind.
func (s *Service) Component() run.Component {
	return run.Component{
		Name:  "gateway",
		Start: s.http.Start,
		Run: func(ctx context.Context) error {
			ended := make(chan error, 2)
			go func() { ended <- s.facade.Serve() }()
			go func() { ended <- s.http.Run(ctx) }()
			if err := <-ended; err != nil {
				return err // the group stops the other one
			}
			return <-ended
		},
		Stop: func(ctx context.Context) error {
			errs := []error{s.http.Stop(ctx), s.facade.Stop(ctx)}
			if s.root != nil {
				errs = append(errs, s.root.Close())
			}
			return errors.Join(errs...)
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
