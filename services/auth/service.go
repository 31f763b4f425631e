package auth

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/rpc"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Deps are what the service uses of the process around it.
type Deps struct {
	Logger   *slog.Logger
	Registry prometheus.Registerer
	Clock    clock.Clock
}

// Service is the auth service.
type Service struct {
	log       *slog.Logger
	clock     clock.Clock
	store     store
	directory *users.Directory
	manager   *sessions.Manager
	ring      *keys.Ring
	registry  *applications.Registry
	issuer    *applications.Issuer
}

// New checks cfg and builds the service. The component must be run, or the
// service's database stays open.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	key, err := secret.Parse(cfg.SecretKey.Reveal())
	if err != nil {
		return nil, err
	}
	db, err := openStore(context.Background(), cfg.DatabaseURL, deps.Logger)
	if err != nil {
		return nil, err
	}
	directory := users.NewDirectory(db, deps.Clock, users.Options{
		OperatorEmails: cfg.OperatorEmails, CreateUsers: cfg.OIDCCreateUser, ProvisionalUsers: cfg.ApplicationUsers,
		MatchEmail: cfg.OIDCMatchEmail, ListUsers: cfg.UserListing,
	})
	manager, err := sessions.NewManager(sessions.Deps{
		Store: db, Users: directory, Provider: cfg.provider(deps.Clock), Key: key, Clock: deps.Clock,
		Logger: deps.Logger, Registry: deps.Registry, Life: time.Duration(cfg.SessionAge) * time.Second,
	})
	if err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, err
	}
	if cfg.DevelopmentLogin {
		deps.Logger.Warn("development log-in: anyone on this machine may log in as anyone")
	}
	ring := keys.NewRing(db, key, deps.Clock, deps.Logger, cfg.KeyRotation)
	return &Service{
		log: deps.Logger, clock: deps.Clock, store: db, directory: directory, manager: manager, ring: ring,
		registry: applications.NewRegistry(db, deps.Clock),
		issuer: applications.NewIssuer(db, directory, ring, deps.Clock, deps.Logger,
			time.Duration(cfg.ApplicationTokenLife)*time.Second),
	}, nil
}

func (c *Config) provider(clk clock.Clock) provider.Provider {
	if c.DevelopmentLogin {
		return provider.Development{}
	}
	return provider.NewOIDC(provider.OIDCOptions{
		IssuerURL: c.OIDCIssuerURL, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret, Scopes: c.OIDCScopes,
		AuthParams: c.OIDCAuthParams, Leeway: c.OIDCLeeway,
		Claims: provider.ClaimRules{
			FullName: c.OIDCFullNameClaims, ShortName: c.OIDCShortNameClaim,
			Essential: c.OIDCEssentialClaims, Operator: c.OIDCOperatorClaim,
		},
	}, clk)
}

// Register registers the gRPC services.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	authv1.RegisterUserServiceServer(r, rpc.NewUsers(s.directory))
	authv1.RegisterLoginServiceServer(r, rpc.NewLogins(s.manager))
	authv1.RegisterSessionServiceServer(r, rpc.NewSessions(s.manager, s.directory, s.ring, s.clock))
	authv1.RegisterKeyServiceServer(r, rpc.NewKeys(s.ring))
	authv1.RegisterApplicationServiceServer(r, rpc.NewApplications(s.registry))
	authv1.RegisterApplicationTokenServiceServer(r, rpc.NewTokens(s.issuer, s.ring, s.clock))
}

// Policy says who may call which method.
func Policy() grpcx.Policy {
	gateway := grpcx.Rule{Callers: []string{identity.CallerGateway}}
	policy := grpcx.Service(authv1.UserService_ServiceDesc, grpcx.Rule{
		Callers: []string{identity.CallerGateway, identity.CallerRoom, identity.CallerOperator},
	})
	policy[authv1.UserService_UpdateUser_FullMethodName] = grpcx.Rule{
		Callers: gateway.Callers, User: grpcx.RequireUser,
	}
	policy[authv1.UserService_SearchUsers_FullMethodName] = grpcx.Rule{
		Callers: gateway.Callers, User: grpcx.RequireUser,
	}
	for _, method := range []string{
		authv1.UserService_SetActive_FullMethodName, authv1.UserService_SetOperator_FullMethodName,
		authv1.UserService_ListOperators_FullMethodName,
	} {
		policy[method] = grpcx.Rule{Callers: []string{identity.CallerOperator}}
	}
	for _, part := range []grpcx.Policy{
		grpcx.Service(authv1.LoginService_ServiceDesc, gateway),
		grpcx.Service(authv1.SessionService_ServiceDesc, gateway),
		grpcx.Service(authv1.ApplicationTokenService_ServiceDesc, gateway),
		// That the gateway's user is an operator is checked by the handlers.
		grpcx.Service(authv1.ApplicationService_ServiceDesc, grpcx.Rule{
			Callers: []string{identity.CallerGateway, identity.CallerOperator}, User: grpcx.RequireUser,
		}),
		// Public keys; every service verifies assertions, auth its own too.
		grpcx.Service(authv1.KeyService_ServiceDesc, grpcx.Rule{Callers: []string{
			identity.CallerGateway, identity.CallerAuth, identity.CallerRoom,
			identity.CallerTelephony, identity.CallerToken, identity.CallerOperator,
		}}),
	} {
		maps.Copy(policy, part)
	}
	return policy
}

// migrateRetryMax is the longest pause between attempts to reach the database.
const migrateRetryMax = 10 * time.Second

// Component migrates the database as soon as it answers, then rotates keys and
// deletes what has expired.
func (s *Service) Component() run.Component {
	return run.Component{Name: "auth", Run: s.run}
}

func (s *Service) run(ctx context.Context) error {
	defer func() {
		if err := s.store.Close(); err != nil {
			s.log.WarnContext(ctx, "database not closed cleanly", "error", err)
		}
	}()
	for wait := run.NewBackoff(time.Second/4, migrateRetryMax); ; {
		err := s.store.Migrate(ctx)
		if err == nil {
			break
		}
		s.log.WarnContext(ctx, "database is not migrated yet, will try again", "error", err)
		if err := wait.Sleep(ctx); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.ring.Rotate(ctx) })
	group.Go(func() error { return s.manager.Sweep(ctx) })
	return group.Wait()
}

// Checks adds the database to what readiness needs.
func (s *Service) Checks(r *obs.Readiness) { r.Require("auth database", s.store.Ready) }

// Migrate brings the database up to date.
func (s *Service) Migrate(ctx context.Context) error { return s.store.Migrate(ctx) }
