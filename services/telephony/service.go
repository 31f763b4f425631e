package telephony

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/rpc"
	"github.com/parleymeet/parley/services/telephony/internal/rules"
	"github.com/parleymeet/parley/services/telephony/internal/sipbus"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

const (
	serviceName = "telephony"
	// fillInterval is how old the fill of trunks is in the metrics at most.
	fillInterval = 15 * time.Second
	// lastWord is how long work that is cut short may take to end.
	lastWord = 200 * time.Millisecond
)

// Deps are what the process gives the service.
type Deps struct {
	// Room and Token are connections to the peers.
	Room, Token grpc.ClientConnInterface
	Logger      *slog.Logger
	Registry    prometheus.Registerer
	Clock       clock.Clock
}

// Service is the telephony service.
type Service struct {
	deps     Deps
	store    store
	domain   rpc.Domain
	recorder *calls.Recorder
	sweeper  *pins.Sweeper
	book     *throttle.Book
	brake    *throttle.Brake
	crowd    *throttle.Crowd
	bus      *sipbus.Bus    // nil without SIP_REDIS_URL, and where LiveKit has rules
	bridges  *calls.Bridges // nil without a bus
	rules    *rules.Keeper  // nil where LiveKit SIP is answered
}

// New builds the service. No peer, no database server and no bus needs to be up.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("telephony: %w", err)
	}
	db, err := openStore(context.Background(), cfg.DatabaseURL.Reveal(), deps.Logger)
	if err != nil {
		return nil, fmt.Errorf("telephony: %w", err)
	}
	s, err := build(cfg, deps, db)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("telephony: %w", err), db.Close())
	}
	return s, nil
}

// Register registers the gRPC services.
func (s *Service) Register(r grpc.ServiceRegistrar) { rpc.Register(r, s.domain) }

// Policy returns who may call what.
func Policy() grpcx.Policy {
	operators := grpcx.Rule{
		Callers: []string{identity.CallerGateway, identity.CallerOperator}, User: grpcx.RequireUser,
	}
	policy := grpcx.Service(telephonyv1.TrunkService_ServiceDesc, operators)
	maps.Copy(policy, grpcx.Service(telephonyv1.CallService_ServiceDesc, operators))
	watch := operators
	watch.Lasting = true
	policy[telephonyv1.CallService_WatchCalls_FullMethodName] = watch
	onlyRoom := grpcx.Rule{Callers: []string{identity.CallerRoom}}
	policy[telephonyv1.CallService_NoteParticipant_FullMethodName] = onlyRoom
	maps.Copy(policy, grpcx.Service(telephonyv1.PinService_ServiceDesc, onlyRoom))
	policy[telephonyv1.PinService_BatchGetDialIns_FullMethodName] = grpcx.Rule{
		Callers: []string{identity.CallerRoom, identity.CallerOperator},
	}
	maps.Copy(policy, grpcx.Service(telephonyv1.DirectoryService_ServiceDesc,
		grpcx.Rule{Callers: []string{identity.CallerGateway, identity.CallerOperator}}))
	// Bridges have no user; for whom the gateway calls is checked by the handler.
	maps.Copy(policy, grpcx.Service(telephonyv1.DispatchService_ServiceDesc, grpcx.Rule{
		Callers: []string{identity.CallerGateway, identity.CallerOperator, identity.CallerBridge}, User: grpcx.OptionalUser,
		Scope: identity.ScopeResolve,
	}))
	policy[telephonyv1.DispatchService_ExplainCall_FullMethodName] = operators
	return policy
}

// Component migrates the database as soon as it answers, then answers the SIP
// bus and runs the workers until it is stopped.
func (s *Service) Component() run.Component {
	work, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	return run.Component{
		Name: serviceName,
		Run: func(ctx context.Context) error {
			defer close(ended)
			defer context.AfterFunc(ctx, cancel)()
			err := s.run(work)
			if work.Err() != nil {
				return nil
			}
			return err
		},
		// No new calls, then what is known of the last ones is written, then
		// the store closes.
		Stop: func(ctx context.Context) error {
			defer context.AfterFunc(ctx, cancel)()
			var busErr error
			if s.bus != nil {
				busErr = s.bus.Stop(ctx)
			}
			s.recorder.Close()
			select {
			case <-ended:
			case <-ctx.Done():
			}
			cancel()
			select { // which says what could not be written
			case <-ended:
			case <-time.After(lastWord):
			}
			return errors.Join(busErr, s.store.Close())
		},
	}
}

// run works until ctx ends or the recorder has been closed and is done.
func (s *Service) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	migrated := make(chan error, 1)
	go func() { migrated <- s.store.MigrateWithRetry(ctx) }()
	select {
	case err := <-migrated:
		if err != nil {
			return err
		}
	case <-s.recorder.Closing(): // stopped while the database was still away
		s.recorder.Abandon()
		return nil
	}
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	switch {
	case s.rules != nil:
		s.deps.Logger.InfoContext(ctx, "DISPATCH_MODE is rules: LiveKit is given dispatch rules, and LiveKit SIP is not answered")
		workers.Go(func() { s.rules.Run(ctx) })
	case s.bus != nil:
		if err := s.bus.Start(); err != nil {
			return err
		}
		workers.Go(func() { s.bus.Run(ctx) })
		workers.Go(func() { s.bridges.Run(ctx) })
	default:
		s.deps.Logger.InfoContext(ctx, "SIP_REDIS_URL is not set: LiveKit SIP is not answered")
	}
	workers.Go(func() { s.sweeper.Run(ctx) })
	workers.Go(func() { s.recorder.Sweep(ctx) })
	workers.Go(func() { s.domain.Drainer.Run(ctx) })
	workers.Go(func() { s.book.Run(ctx) })
	workers.Go(func() { s.brake.Run(ctx) })
	workers.Go(func() { s.domain.Budget.Run(ctx) })
	workers.Go(func() { s.crowd.Run(ctx) })
	workers.Go(func() { s.watchFills(ctx) })
	s.recorder.Run(ctx)
	return nil
}

// watchFills keeps the metrics of fills true where nothing is allocated.
func (s *Service) watchFills(ctx context.Context) {
	tick := time.NewTicker(fillInterval)
	defer tick.Stop()
	for {
		if err := s.domain.Allocator.Refresh(ctx); err != nil && ctx.Err() == nil {
			s.deps.Logger.WarnContext(ctx, "fill of trunks could not be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Checks adds what the service needs to be ready. It serves, if less well,
// without its peers and the bus, so they are only watched.
func (s *Service) Checks(r *obs.Readiness) {
	r.Require(serviceName+"-database", s.store.Ready)
	if s.bus != nil {
		r.Watch(serviceName+"-sip-bus", s.bus.Ready)
	}
	for name, conn := range map[string]grpc.ClientConnInterface{
		identity.CallerRoom: s.deps.Room, identity.CallerToken: s.deps.Token,
	} {
		health := healthpb.NewHealthClient(conn)
		r.Watch(serviceName+"-"+name, func(ctx context.Context) error {
			_, err := health.Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		})
	}
}

// Migrate brings the database up to date.
func (s *Service) Migrate(ctx context.Context) error { return s.store.Migrate(ctx) }
