package frontend

import (
	"context"
	"errors"
	"log/slog"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/clock"
)

// Deps are what the facade is built on.
type Deps struct {
	Auth, Room, Telephony grpc.ClientConnInterface
	// Config is the answer of ConfigService but for its telephony part.
	Config *frontendv1.Config
	// BaseURL is where links to rooms begin, for applications; empty for no links.
	BaseURL string
	Clock   clock.Clock
	Logger  *slog.Logger
}

// Facade is the server of parley.frontend.v1.
type Facade struct {
	config    configServer
	users     userServer
	rooms     roomServer
	lobby     lobbyServer
	people    moderationServer
	accesses  accessServer
	tests     diagnosticsServer
	letters   invitationServer
	trunks    trunkServer
	calls     callServer
	resolvers resolverServer
	machines  applicationServer
	external  externalServer
}

// New returns a facade over the services. None of them needs to be up.
func New(deps Deps) *Facade {
	numbers := newDirectory(telephonyv1.NewDirectoryServiceClient(deps.Telephony), deps.Clock, deps.Logger)
	return &Facade{
		config:   configServer{base: deps.Config, directory: numbers},
		users:    userServer{users: authv1.NewUserServiceClient(deps.Auth)},
		rooms:    roomServer{rooms: roomv1.NewRoomServiceClient(deps.Room)},
		lobby:    lobbyServer{lobby: roomv1.NewLobbyServiceClient(deps.Room)},
		people:   moderationServer{moderation: roomv1.NewModerationServiceClient(deps.Room)},
		accesses: accessServer{accesses: roomv1.NewAccessServiceClient(deps.Room)},
		letters: invitationServer{
			invitations: roomv1.NewInvitationServiceClient(deps.Room), moderation: roomv1.NewModerationServiceClient(deps.Room),
		},
		tests: diagnosticsServer{
			rooms: roomv1.NewRoomServiceClient(deps.Room), on: deps.Config.GetDiagnostics().GetConnectionTestEnabled(),
		},
		trunks:    trunkServer{trunks: telephonyv1.NewTrunkServiceClient(deps.Telephony)},
		calls:     callServer{calls: telephonyv1.NewCallServiceClient(deps.Telephony)},
		resolvers: resolverServer{dispatch: telephonyv1.NewDispatchServiceClient(deps.Telephony)},
		machines:  applicationServer{applications: authv1.NewApplicationServiceClient(deps.Auth)},
		external: externalServer{
			tokens: authv1.NewApplicationTokenServiceClient(deps.Auth), rooms: roomv1.NewExternalRoomServiceClient(deps.Room),
			directory: numbers, baseURL: deps.BaseURL,
		},
	}
}

// Register has the mux call the facade.
func (f *Facade) Register(mux *runtime.ServeMux) error {
	ctx := context.Background()
	return errors.Join(
		frontendv1.RegisterConfigServiceHandlerServer(ctx, mux, &f.config),
		frontendv1.RegisterUserServiceHandlerServer(ctx, mux, &f.users),
		frontendv1.RegisterRoomServiceHandlerServer(ctx, mux, &f.rooms),
		frontendv1.RegisterModerationServiceHandlerServer(ctx, mux, &f.people),
		frontendv1.RegisterAccessServiceHandlerServer(ctx, mux, &f.accesses),
		frontendv1.RegisterDiagnosticsServiceHandlerServer(ctx, mux, &f.tests),
		frontendv1.RegisterInvitationServiceHandlerServer(ctx, mux, &f.letters),
		frontendv1.RegisterTrunkServiceHandlerServer(ctx, mux, &f.trunks),
		frontendv1.RegisterCallServiceHandlerServer(ctx, mux, &f.calls),
		frontendv1.RegisterResolverServiceHandlerServer(ctx, mux, &f.resolvers),
		frontendv1.RegisterApplicationServiceHandlerServer(ctx, mux, &f.machines),
		frontendv1.RegisterExternalServiceHandlerServer(ctx, mux, &f.external),
		// What is registered last is tried first, and the lobby is asked most often.
		frontendv1.RegisterLobbyServiceHandlerServer(ctx, mux, &f.lobby),
	)
}
