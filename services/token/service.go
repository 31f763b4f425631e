package token

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/services/token/internal/rpc"
	"github.com/parleymeet/parley/services/token/internal/tokens"
)

// Deps are what the service uses of the process around it.
type Deps struct {
	Logger *slog.Logger
	Clock  clock.Clock
}

// Service is the token service.
type Service struct {
	server *rpc.Server
}

// New checks cfg and builds the service.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(cfg.LiveKitAPISecret) < minSecretLength {
		deps.Logger.Warn("LIVEKIT_API_SECRET is short enough to be guessed; use one of at least 32 characters outside development")
	}
	authority := tokens.NewAuthority(cfg.LiveKitAPIKey, cfg.LiveKitAPISecret, deps.Clock)
	return &Service{server: rpc.NewServer(authority, cfg.LiveKitURL)}, nil
}

// Register registers the gRPC services.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterTokenServiceServer(r, s.server)
}

// Policy says who may call which method.
func Policy() grpcx.Policy {
	return grpcx.Service(tokenv1.TokenService_ServiceDesc, grpcx.Rule{
		Callers: []string{identity.CallerRoom, identity.CallerTelephony},
	})
}

// Component has no work of its own: the service keeps no state.
func (s *Service) Component() run.Component { return run.Component{Name: "token"} }

// Checks adds none: a process that serves can mint.
func (s *Service) Checks(*obs.Readiness) {}

// Migrate does nothing: there is no database.
func (s *Service) Migrate(context.Context) error { return nil }
