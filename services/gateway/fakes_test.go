package gateway

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
)

const (
	ada     = "11111111-2222-4333-8444-555555555555"
	bob     = "22222222-2222-4333-8444-555555555555"
	roomID  = "0b7c3f0e-8c2e-4b7a-9f55-3f3a7d1c9e10"
	adaCook = "ada-session"
	bobCook = "bob-session"
)

// suite is the services behind the gateway, small but true to their contracts.
type suite struct {
	authv1.UnimplementedSessionServiceServer
	authv1.UnimplementedUserServiceServer
	authv1.UnimplementedLoginServiceServer
	telephonyv1.UnimplementedCallServiceServer
	telephonyv1.UnimplementedDispatchServiceServer
	telephonyv1.UnimplementedDirectoryServiceServer

	mu        sync.Mutex
	users     map[string]*authv1.User // by session token
	down      error                   // what auth's session service fails with
	hint      string
	returnTo  string
	silent    bool
	numbers   []*telephonyv1.PhoneNumber
	directory error
}

// rooms and trunks have method names in common with others, so they stand apart.
type rooms struct {
	roomv1.UnimplementedRoomServiceServer
	roomv1.UnimplementedLobbyServiceServer
	roomv1.UnimplementedModerationServiceServer
	roomv1.UnimplementedEventServiceServer
	roomv1.UnimplementedAccessServiceServer
	roomv1.UnimplementedInvitationServiceServer
	list []*roomv1.RoomView
	fail error
}

type trunks struct {
	telephonyv1.UnimplementedTrunkServiceServer
	fail error
	list []*telephonyv1.Trunk
}

func newUser(id, name string) *authv1.User {
	return &authv1.User{
		Id: id, Sub: id, Email: strings.ToLower(name) + "@example.org", FullName: name + " L.", ShortName: name,
		Timezone: "Europe/Paris", Language: "en-us",
	}
}

func newSuite() *suite {
	return &suite{
		users:   map[string]*authv1.User{adaCook: newUser(ada, "Ada"), bobCook: newUser(bob, "Bob")},
		numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789", Country: "FR", Display: "+33 1 23 45 67 89"}},
	}
}

// serve returns a connection on which the gateway calls the fakes.
func serve(t *testing.T, s *suite, r *rooms, k *trunks) grpc.ClientConnInterface {
	t.Helper()
	var policy grpcx.Policy
	rule := grpcx.Rule{Callers: []string{identity.CallerGateway}}
	for _, desc := range []grpc.ServiceDesc{
		authv1.SessionService_ServiceDesc, authv1.UserService_ServiceDesc, authv1.LoginService_ServiceDesc, roomv1.RoomService_ServiceDesc,
		roomv1.LobbyService_ServiceDesc, roomv1.ModerationService_ServiceDesc, roomv1.EventService_ServiceDesc,
		roomv1.AccessService_ServiceDesc, roomv1.InvitationService_ServiceDesc,
		telephonyv1.TrunkService_ServiceDesc, telephonyv1.CallService_ServiceDesc,
		telephonyv1.DispatchService_ServiceDesc, telephonyv1.DirectoryService_ServiceDesc,
		authv1.ApplicationService_ServiceDesc, authv1.ApplicationTokenService_ServiceDesc, roomv1.ExternalRoomService_ServiceDesc,
	} {
		merged, err := grpcx.Merge(policy, grpcx.Service(desc, rule))
		if err != nil {
			t.Fatal(err)
		}
		policy = merged
	}
	server, err := grpcx.NewServer(grpcx.Options{Policy: policy, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	authv1.RegisterSessionServiceServer(server, s)
	authv1.RegisterUserServiceServer(server, s)
	authv1.RegisterApplicationServiceServer(server, machines{})
	authv1.RegisterApplicationTokenServiceServer(server, machines{})
	roomv1.RegisterExternalRoomServiceServer(server, machines{})
	authv1.RegisterLoginServiceServer(server, s)
	telephonyv1.RegisterCallServiceServer(server, s)
	telephonyv1.RegisterDispatchServiceServer(server, s)
	telephonyv1.RegisterDirectoryServiceServer(server, s)
	roomv1.RegisterRoomServiceServer(server, r)
	roomv1.RegisterLobbyServiceServer(server, r)
	roomv1.RegisterModerationServiceServer(server, r)
	roomv1.RegisterEventServiceServer(server, r)
	roomv1.RegisterAccessServiceServer(server, r)
	roomv1.RegisterInvitationServiceServer(server, r)
	telephonyv1.RegisterTrunkServiceServer(server, k)
	done := make(chan error, 1)
	go func() { done <- server.Serve() }()
	conn := server.Local(identity.CallerGateway)
	t.Cleanup(func() {
		if err := errors.Join(server.Stop(context.Background()), <-done); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// caller returns the id of the user whose assertion came along.
func caller(ctx context.Context, audience string) string {
	for _, assertion := range metadata.ValueFromIncomingContext(ctx, "x-parley-assertion") {
		if id, ok := strings.CutPrefix(assertion, audience+":"); ok {
			return id
		}
	}
	return ""
}

func (s *suite) SearchUsers(_ context.Context, req *authv1.SearchUsersRequest) (*authv1.SearchUsersResponse, error) {
	if req.GetQuery() != "" && req.GetQuery() != "ada" {
		return &authv1.SearchUsersResponse{}, nil
	}
	return &authv1.SearchUsersResponse{Users: []*authv1.User{newUser(ada, "Ada")}, Count: 1}, nil
}

func (s *suite) BackChannelLogout(_ context.Context, req *authv1.BackChannelLogoutRequest) (*authv1.BackChannelLogoutResponse, error) {
	switch req.GetLogoutToken() {
	case "good":
		return &authv1.BackChannelLogoutResponse{}, nil
	case "away":
		return nil, apierr.New(apierr.Unavailable, "")
	default:
		return nil, apierr.New(apierr.LogoutTokenInvalid, "")
	}
}

func (s *suite) ResolveSession(_ context.Context, req *authv1.ResolveSessionRequest) (*authv1.ResolveSessionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	user := s.users[req.GetSessionToken()]
	if user == nil {
		return nil, apierr.New(apierr.SessionNotFound, "")
	}
	answer := &authv1.ResolveSessionResponse{User: user}
	if req.GetAudience() != "" {
		answer.Assertion = req.GetAudience() + ":" + user.GetId()
	}
	return answer, nil
}

func (s *suite) GetUser(ctx context.Context, req *authv1.GetUserRequest) (*authv1.GetUserResponse, error) {
	if caller(ctx, "auth") != req.GetId() {
		return nil, apierr.New(apierr.PermissionDenied, "")
	}
	for _, user := range s.users {
		if user.GetId() == req.GetId() {
			return &authv1.GetUserResponse{User: user}, nil
		}
	}
	return nil, apierr.New(apierr.UserNotFound, "")
}

func (s *suite) UpdateUser(ctx context.Context, req *authv1.UpdateUserRequest) (*authv1.UpdateUserResponse, error) {
	got, err := s.GetUser(ctx, &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Id{Id: req.GetUser().GetId()}})
	if err != nil {
		return nil, err
	}
	if got.GetUser().GetId() != caller(ctx, "auth") {
		return nil, apierr.New(apierr.PermissionDenied, "")
	}
	got.User = proto.CloneOf(got.GetUser())
	for _, path := range req.GetUpdateMask().GetPaths() {
		switch path {
		case "timezone":
			if req.GetUser().GetTimezone() == "Mars/Base" {
				return nil, apierr.InvalidField("timezone", "invalid", "A valid timezone is required.")
			}
			got.User.Timezone = req.GetUser().GetTimezone()
		case "language":
			got.User.Language = req.GetUser().GetLanguage()
		case "default_room_access_level":
			got.User.DefaultRoomAccessLevel = req.GetUser().DefaultRoomAccessLevel
		case "default_room_configuration":
			got.User.DefaultRoomConfiguration = req.GetUser().GetDefaultRoomConfiguration()
		}
	}
	return &authv1.UpdateUserResponse{User: got.GetUser()}, nil
}

func (s *suite) StartLogin(_ context.Context, req *authv1.StartLoginRequest) (*authv1.StartLoginResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	s.hint, s.returnTo, s.silent = req.GetLoginHint(), req.GetReturnTo(), req.GetSilent()
	return &authv1.StartLoginResponse{
		AuthorizationUrl: "https://idp.example.org/authorize?redirect_uri=" + req.GetRedirectUri(),
		Session:          &authv1.Session{Token: "anonymous", MaxAge: durationpb.New(12 * time.Hour)},
	}, nil
}

func (s *suite) FinishLogin(_ context.Context, req *authv1.FinishLoginRequest) (*authv1.FinishLoginResponse, error) {
	switch {
	case req.GetState() != "good":
		return nil, apierr.New(apierr.LoginStateUnknown, "")
	case req.GetError() == "login_required":
		return &authv1.FinishLoginResponse{Outcome: authv1.FinishLoginResponse_OUTCOME_SILENT_REFUSED, ReturnTo: "/room", Silent: true}, nil
	case req.GetError() != "":
		return &authv1.FinishLoginResponse{Outcome: authv1.FinishLoginResponse_OUTCOME_REFUSED}, nil
	default:
		return &authv1.FinishLoginResponse{
			Outcome: authv1.FinishLoginResponse_OUTCOME_LOGGED_IN, ReturnTo: "/room",
			Session: &authv1.Session{Token: adaCook, MaxAge: durationpb.New(12 * time.Hour)},
		}, nil
	}
}

func (s *suite) StartLogout(_ context.Context, req *authv1.StartLogoutRequest) (*authv1.StartLogoutResponse, error) {
	if req.GetSessionToken() == bobCook {
		return &authv1.StartLogoutResponse{}, nil
	}
	return &authv1.StartLogoutResponse{EndSessionUrl: "https://idp.example.org/logout"}, nil
}

func (s *suite) FinishLogout(_ context.Context, req *authv1.FinishLogoutRequest) (*authv1.FinishLogoutResponse, error) {
	if req.GetState() != "good" {
		return nil, apierr.New(apierr.LoginStateUnknown, "")
	}
	return &authv1.FinishLogoutResponse{}, nil
}
