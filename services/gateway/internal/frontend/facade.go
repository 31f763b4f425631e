package frontend

import (
	"log/slog"

	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
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

// Register registers every service of the facade.
func (f *Facade) Register(r grpc.ServiceRegistrar) {
	frontendv1.RegisterConfigServiceServer(r, &f.config)
	frontendv1.RegisterUserServiceServer(r, &f.users)
	frontendv1.RegisterRoomServiceServer(r, &f.rooms)
	frontendv1.RegisterLobbyServiceServer(r, &f.lobby)
	frontendv1.RegisterModerationServiceServer(r, &f.people)
	frontendv1.RegisterAccessServiceServer(r, &f.accesses)
	frontendv1.RegisterInvitationServiceServer(r, &f.letters)
	frontendv1.RegisterDiagnosticsServiceServer(r, &f.tests)
	frontendv1.RegisterTrunkServiceServer(r, &f.trunks)
	frontendv1.RegisterCallServiceServer(r, &f.calls)
	frontendv1.RegisterResolverServiceServer(r, &f.resolvers)
	frontendv1.RegisterApplicationServiceServer(r, &f.machines)
	frontendv1.RegisterExternalServiceServer(r, &f.external)
}

// services are the facade's services.
func services() []grpc.ServiceDesc {
	return []grpc.ServiceDesc{
		frontendv1.ConfigService_ServiceDesc, frontendv1.UserService_ServiceDesc, frontendv1.RoomService_ServiceDesc,
		frontendv1.LobbyService_ServiceDesc, frontendv1.ModerationService_ServiceDesc, frontendv1.AccessService_ServiceDesc,
		frontendv1.DiagnosticsService_ServiceDesc, frontendv1.InvitationService_ServiceDesc,
		frontendv1.TrunkService_ServiceDesc, frontendv1.CallService_ServiceDesc, frontendv1.ResolverService_ServiceDesc,
		frontendv1.ApplicationService_ServiceDesc, frontendv1.ExternalService_ServiceDesc,
	}
}

// Policy lets the gateway's own HTTP side in and nobody else. The facade
// verifies no assertion: it passes it on to the service that it is made for.
func Policy() grpcx.Policy {
	all := grpcx.Policy{}
	for _, desc := range services() {
		for method, rule := range grpcx.Service(desc, grpcx.Rule{Callers: []string{identity.CallerGateway}}) {
			all[method] = rule
		}
	}
	return all
}
