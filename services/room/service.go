package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/peers"
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
	dialIns := peers.NewDialIns(deps.Telephony)
	box, err := outbox.New(store, dialIns, deps.Clock, deps.Logger, deps.Registry)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("room: %w", err), store.Close())
	}
	users, tokens := peers.NewUsers(deps.Auth), peers.NewTokens(deps.Token)
	parts := rooms.Parts{
		Rooms: store, Accesses: store, Outbox: box, Users: users, Tokens: tokens, DialIns: dialIns, Debts: store,
		Clock: deps.Clock, Logger: deps.Logger,
	}
	lobbyParts := lobby.Parts{
		Store: store, Limiter: throttle.New(cfg.RequestEntryRate, deps.Clock), PassKey: key.Derive("lobby pass"),
		Clock: deps.Clock, Logger: deps.Logger,
	}
	peopleParts := moderation.Parts{
		Roles: store, Lobby: store, Users: users, Tokens: tokens, Clock: deps.Clock, Logger: deps.Logger,
	}
	phoneParts := phones.Parts{Store: store, Clock: deps.Clock, Logger: deps.Logger, Registry: deps.Registry}
	liveParts := live.Parts{
		Store: store, Lobby: store, Telephony: dialIns, Clock: deps.Clock, Logger: deps.Logger, Registry: deps.Registry,
	}
	if cfg.LiveKitAPIKey != "" {
		liveParts.Reader = livekit.NewEvents(cfg.LiveKitAPIKey, cfg.LiveKitAPISecret.Reveal())
	}
	var meetings lobby.Meetings
	if cfg.LiveKitAPIURL != "" {
		server := livekit.NewRooms(cfg.LiveKitAPIURL, cfg.LiveKitAPIKey, cfg.LiveKitAPISecret.Reveal())
		parts.LiveRooms, meetings, peopleParts.Meetings = server, server, server
		liveParts.Server, phoneParts.Server = server, server
	}
	bell := lobby.NewBell(meetings, deps.Clock, deps.Logger)
	domain := rooms.New(cfg.settings(), parts)
	lobbyParts.Rooms, peopleParts.Rooms, phoneParts.Rooms, liveParts.Meetings = domain, domain, domain, domain
	phoneParts.Bell, lobbyParts.Bell = bell, bell
	callers, err := phones.New(cfg.phoneSettings(), phoneParts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("room: %w", err), store.Close())
	}
	lobbyParts.Phones, liveParts.Phones = callers, callers
	known, err := live.New(cfg.LiveRoomsInterval, liveParts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("room: %w", err), store.Close())
	}
	post, err := cfg.Mail.post()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("room: %w", err), store.Close())
	}
	letters, err := invitations.New(invitations.Parts{
		Store: store, Rooms: domain, DialIns: dialIns, Post: post, BaseURL: strings.TrimRight(cfg.Mail.BaseURL, "/"),
		PerUser: throttle.New(cfg.Mail.UserRate, deps.Clock), PerRoom: throttle.New(cfg.Mail.RoomRate, deps.Clock),
		Clock: deps.Clock, Logger: deps.Logger,
	}, deps.Registry)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("room: %w", err), store.Close())
	}
	return &Service{
		store: store, outbox: box, rooms: domain, live: known, phones: callers, bell: bell,
		lobby: lobby.New(cfg.lobbySettings(), lobbyParts), people: moderation.New(peopleParts),
		letters: letters,
		roles:   accesses.New(accesses.Parts{Store: store, Rooms: domain, Users: users, Clock: deps.Clock}),
		peers: map[string]grpc.ClientConnInterface{
			identity.CallerAuth: deps.Auth, identity.CallerTelephony: deps.Telephony, identity.CallerToken: deps.Token,
		},
	}, nil
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

// Policy returns who may call what.
func Policy() grpcx.Policy {
	people := grpcx.Rule{
		Callers: []string{identity.CallerGateway, identity.CallerOperator},
		User:    grpcx.RequireUser,
	}
	policy := grpcx.Service(roomv1.RoomService_ServiceDesc, people)
	// Everybody with the link may look a room up, or test a connection, or learn
	// of what was created for it.
	people.User = grpcx.OptionalUser
	policy[roomv1.RoomService_GetRoom_FullMethodName] = people
	policy[roomv1.RoomService_ClaimCreatedRoom_FullMethodName] = people
	policy[roomv1.RoomService_TestConnection_FullMethodName] = people

	for method, scope := range map[string]identity.Scope{
		roomv1.ExternalRoomService_CreateExternalRoom_FullMethodName: identity.ScopeRoomsCreate,
		roomv1.ExternalRoomService_GetExternalRoom_FullMethodName:    identity.ScopeRoomsRetrieve,
		roomv1.ExternalRoomService_ListExternalRooms_FullMethodName:  identity.ScopeRoomsList,
	} {
		policy[method] = grpcx.Rule{Callers: []string{identity.CallerGateway}, User: grpcx.RequireDelegate, Scope: scope}
	}

	phones := grpcx.Rule{Callers: []string{identity.CallerTelephony, identity.CallerOperator}}
	maps.Copy(policy, grpcx.Service(roomv1.AdmissionService_ServiceDesc, phones))

	// LiveKit's signature is the proof; the gateway brings it without any of its own.
	maps.Copy(policy, grpcx.Service(roomv1.EventService_ServiceDesc, grpcx.Rule{Callers: []string{identity.CallerGateway}}))

	browsers := grpcx.Rule{Callers: []string{identity.CallerGateway}, User: grpcx.RequireUser}
	maps.Copy(policy, grpcx.Service(roomv1.LobbyService_ServiceDesc, browsers))
	maps.Copy(policy, grpcx.Service(roomv1.ModerationService_ServiceDesc, browsers))
	maps.Copy(policy, grpcx.Service(roomv1.AccessService_ServiceDesc, browsers))
	maps.Copy(policy, grpcx.Service(roomv1.InvitationService_ServiceDesc, browsers))
	// Everybody with the link may ask to be let in, and who is in needs no log-in.
	browsers.User = grpcx.OptionalUser
	for _, method := range []string{
		roomv1.LobbyService_RequestEntry_FullMethodName, roomv1.ModerationService_Authorize_FullMethodName,
		roomv1.ModerationService_MuteParticipant_FullMethodName, roomv1.ModerationService_SetHand_FullMethodName,
		roomv1.ModerationService_RenameParticipant_FullMethodName,
	} {
		policy[method] = browsers
	}
	return policy
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
