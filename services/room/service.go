package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
	"github.com/parleymeet/parley/services/room/internal/rpc"
)

const serviceName = "room"

// Deps are what the process gives the service.
type Deps struct {
	// Auth, Telephony and Token are connections to the peers.
	Auth, Telephony, Token grpc.ClientConnInterface
	Logger                 *slog.Logger
	Registry               prometheus.Registerer
	Clock                  clock.Clock
}

// Service is the room service.
type Service struct {
	store   store
	outbox  *outbox.Outbox
	rooms   *rooms.Service
	lobby   *lobby.Service
	people  *moderation.Service
	live    *live.Service
	roles   *accesses.Service
	phones  *phones.Service
	bell    *lobby.Bell
	letters *invitations.Service
	peers   map[string]grpc.ClientConnInterface // by name
}

// New builds the service. No peer and no database server needs to be up.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("room: %w", err)
	}
	key, err := secret.Parse(cfg.SecretKey.Reveal())
	if err != nil {
		return nil, fmt.Errorf("room: %w", err)
	}
	store, err := openStore(context.Background(), cfg.DatabaseURL.Reveal(), deps.Logger)
	if err != nil {
		return nil, fmt.Errorf("room: %w", err)
	}
	s, err := newBuilder(cfg, deps, key, store).build()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("room: %w", err), store.Close())
	}
	return s, nil
}

// Register registers the gRPC services.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	roomv1.RegisterRoomServiceServer(r, rpc.NewRoomServer(s.rooms))
	roomv1.RegisterExternalRoomServiceServer(r, rpc.NewExternalRoomServer(s.rooms))
	roomv1.RegisterAdmissionServiceServer(r, rpc.NewAdmissionServer(s.phones))
	roomv1.RegisterLobbyServiceServer(r, rpc.NewLobbyServer(s.lobby))
	roomv1.RegisterModerationServiceServer(r, rpc.NewModerationServer(s.people))
	roomv1.RegisterEventServiceServer(r, rpc.NewEventServer(s.live))
	roomv1.RegisterInvitationServiceServer(r, rpc.NewInvitationServer(s.letters))
	roomv1.RegisterAccessServiceServer(r, rpc.NewAccessServer(s.roles))
}

// Component migrates the database as soon as it answers, then delivers the
// outbox, keeps the lobby and follows LiveKit until it is stopped.
func (s *Service) Component() run.Component {
	work, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	return run.Component{
		Name: serviceName,
		Run: func(ctx context.Context) error {
			defer close(ended)
			defer context.AfterFunc(ctx, cancel)()
			err := s.store.MigrateWithRetry(work)
			if err == nil {
				group, ctx := errgroup.WithContext(work)
				group.Go(func() error { return s.outbox.Run(ctx) })
				group.Go(func() error { return s.lobby.Run(ctx) })
				group.Go(func() error { return s.live.Run(ctx) })
				group.Go(func() error { return s.phones.Run(ctx) })
				group.Go(func() error {
					s.bell.Run(ctx)
					return nil
				})
				group.Go(func() error { return s.letters.Run(ctx) })
				err = group.Wait()
			}
			if work.Err() != nil {
				return nil
			}
			return err
		},
		// Deliveries end, and are settled, before the store closes.
		Stop: func(ctx context.Context) error {
			cancel()
			select {
			case <-ended:
			case <-ctx.Done():
			}
			return s.store.Close()
		},
	}
}

// Checks adds what the service needs to be ready. It serves, if less well,
// without its peers, so they are only watched: whether they answer at all.
func (s *Service) Checks(r *obs.Readiness) {
	r.Require(serviceName+"-database", s.store.Ready)
	for name, conn := range s.peers {
		health := healthpb.NewHealthClient(conn)
		r.Watch(serviceName+"-"+name, func(ctx context.Context) error {
			_, err := health.Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		})
	}
}

// Migrate brings the database up to date.
func (s *Service) Migrate(ctx context.Context) error { return s.store.Migrate(ctx) }
