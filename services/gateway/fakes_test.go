package gateway

import (
	"context"
	"errors"
	"fmt"
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
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
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

func (s *suite) ListNumbers(context.Context, *telephonyv1.ListNumbersRequest) (*telephonyv1.ListNumbersResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &telephonyv1.ListNumbersResponse{Numbers: s.numbers}, s.directory
}

func (s *suite) ListCalls(_ context.Context, req *telephonyv1.ListCallsRequest) (*telephonyv1.ListCallsResponse, error) {
	if !req.GetLive() || req.GetTrunkId() != "ST_1" {
		return &telephonyv1.ListCallsResponse{}, nil
	}
	return &telephonyv1.ListCallsResponse{TotalSize: 1, Calls: []*telephonyv1.Call{{
		Id: "SCL_1", TrunkId: "ST_1", State: telephonyv1.CallState_CALL_STATE_ACTIVE, Caller: "+33 6 •• •• •• 12", Called: "+33123456789",
		StartTime: timestamppb.New(time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)),
	}}}, nil
}

func (s *suite) GetCall(_ context.Context, req *telephonyv1.GetCallRequest) (*telephonyv1.GetCallResponse, error) {
	if req.GetCallId() != "SCL_1" {
		return nil, apierr.New(apierr.CallNotFound, "")
	}
	call := &telephonyv1.Call{Id: "SCL_1", TrunkId: "ST_1", RoomId: roomID, State: telephonyv1.CallState_CALL_STATE_ENDED, Caller: "+33 6 •• •• •• 12",
		SipStatus: 486, SipReason: "Busy Here"}
	if req.GetReveal() {
		call.CallerNumber = "+33612345612"
	}
	return &telephonyv1.GetCallResponse{Call: call}, nil
}

func (s *suite) ListRefusals(_ context.Context, req *telephonyv1.ListRefusalsRequest) (*telephonyv1.ListRefusalsResponse, error) {
	if req.GetTrunkId() != "ST_1" {
		return &telephonyv1.ListRefusalsResponse{Reasons: map[string]int64{"on " + req.GetTrunkId(): 2}}, nil
	}
	return &telephonyv1.ListRefusalsResponse{
		TotalSize: 1, Reasons: map[string]int64{"pin_unknown": 5},
		Calls: []*telephonyv1.Call{{
			Id: "SCL_2", Caller: "+33 6 •• •• •• 12", Called: "+33123456789", Refusal: "pin_unknown",
			EndTime: timestamppb.New(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)),
		}},
	}, nil
}

func (s *suite) ExplainCall(_ context.Context, req *telephonyv1.ExplainCallRequest) (*telephonyv1.ExplainCallResponse, error) {
	return &telephonyv1.ExplainCallResponse{
		Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT, Reason: telephonyv1.RefusalReason_REFUSAL_REASON_THROTTLED,
		TrunkId: "ST_1", RoomId: roomID, Steps: []*telephonyv1.ExplainedStep{
			{Name: "number", Detail: req.GetNumber()}, {Name: "throttle", Reason: telephonyv1.RefusalReason_REFUSAL_REASON_THROTTLED, Detail: "caller"},
		},
	}, nil
}

func (s *suite) ResolvePin(_ context.Context, req *telephonyv1.ResolvePinRequest) (*telephonyv1.ResolvePinResponse, error) {
	if req.GetPin() == "0123456789" {
		return &telephonyv1.ResolvePinResponse{Result: telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT, RoomId: roomID, TrunkId: "ST_1"}, nil
	}
	return &telephonyv1.ResolvePinResponse{
		Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT, Reason: telephonyv1.RefusalReason_REFUSAL_REASON_PIN_UNKNOWN,
	}, nil
}

// view is a room as its owner sees it.
func view(name string) *roomv1.RoomView {
	return &roomv1.RoomView{
		Room:       &roomv1.Room{Id: roomID, Name: name, Slug: name, AccessLevel: roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC},
		ViewerRole: roomv1.Role_ROLE_OWNER,
		Connection: &tokenv1.Connection{Url: "ws://127.0.0.1:7880", Room: roomID, Token: "jwt"},
		DialIn: &telephonyv1.DialIn{
			RoomId: roomID, TrunkId: "ST_1", Pin: "0123456789", PinDisplay: "012 345 6789",
			Numbers: []*telephonyv1.DialInNumber{{
				Number: &telephonyv1.PhoneNumber{Number: "+33123456789", Country: "FR", Label: "Paris", Kind: telephonyv1.NumberKind_NUMBER_KIND_TOLL_FREE, Display: "+33 1 23 45 67 89"},
				Tel:    "tel:+33123456789,,0123456789#",
			}},
		},
		Accesses: []*roomv1.Access{{Id: "5d0c", RoomId: roomID, User: newUser(ada, "Ada"), Role: roomv1.Role_ROLE_OWNER}},
	}
}

func (r *rooms) CreateRoom(ctx context.Context, req *roomv1.CreateRoomRequest) (*roomv1.CreateRoomResponse, error) {
	if caller(ctx, "room") == "" {
		return nil, apierr.New(apierr.Unauthenticated, "")
	}
	if r.fail != nil {
		return nil, r.fail
	}
	if err := wrongRoom(req.GetName(), req.GetConfiguration()); err != nil || req.GetValidateOnly() {
		return nil, err
	}
	created := view(req.GetName())
	created.Room.Configuration, created.Room.PhoneCountry = req.GetConfiguration(), req.GetPhoneCountry()
	if req.GetAccessLevel() != 0 {
		created.Room.AccessLevel = req.GetAccessLevel()
	}
	return &roomv1.CreateRoomResponse{Room: created}, nil
}

func (r *rooms) GetRoom(ctx context.Context, req *roomv1.GetRoomRequest) (*roomv1.GetRoomResponse, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	if req.GetIdOrSlug() == "unknown" {
		return nil, apierr.New(apierr.RoomNotFound, "")
	}
	seen := view(req.GetIdOrSlug())
	switch caller(ctx, "room") {
	case ada:
	case bob:
		seen.ViewerRole, seen.Accesses, seen.DialIn = roomv1.Role_ROLE_MEMBER, nil, nil
	default:
		seen = &roomv1.RoomView{Room: seen.GetRoom()}
		seen.Room.AccessLevel = roomv1.AccessLevel_ACCESS_LEVEL_RESTRICTED
	}
	return &roomv1.GetRoomResponse{Room: seen}, nil
}

func (r *rooms) ListRooms(_ context.Context, req *roomv1.ListRoomsRequest) (*roomv1.ListRoomsResponse, error) {
	from := min(int(req.GetSkip()), len(r.list))
	to := min(from+int(req.GetPageSize()), len(r.list))
	return &roomv1.ListRoomsResponse{Rooms: r.list[from:to], TotalSize: int32(len(r.list))}, nil
}

func (r *rooms) UpdateRoom(ctx context.Context, req *roomv1.UpdateRoomRequest) (*roomv1.UpdateRoomResponse, error) {
	got, err := r.GetRoom(ctx, &roomv1.GetRoomRequest{IdOrSlug: req.GetIdOrSlug()})
	if err != nil {
		return nil, err
	}
	if got.GetRoom().GetViewerRole() < roomv1.Role_ROLE_ADMINISTRATOR {
		return nil, apierr.New(apierr.PermissionDenied, "")
	}
	if err := wrongRoom("kept", req.GetRoom().GetConfiguration()); err != nil || req.GetValidateOnly() {
		return nil, err
	}
	got.Room.Room.Name = fmt.Sprint(req.GetUpdateMask().GetPaths())
	got.Room.Room.Configuration, _ = structpb.NewStruct(map[string]any{"everyone_can_mute": nil})
	return &roomv1.UpdateRoomResponse{Room: got.GetRoom()}, nil
}

func (r *rooms) DeleteRoom(context.Context, *roomv1.DeleteRoomRequest) (*roomv1.DeleteRoomResponse, error) {
	return &roomv1.DeleteRoomResponse{}, r.fail
}

func (r *rooms) RotatePin(_ context.Context, req *roomv1.RotatePinRequest) (*roomv1.RotatePinResponse, error) {
	rotated := view(req.GetIdOrSlug())
	if req.GetRevoke() {
		rotated.Room.Name = "Revoked"
	}
	return &roomv1.RotatePinResponse{Room: rotated}, r.fail
}

func (k *trunks) CreateTrunk(ctx context.Context, req *telephonyv1.CreateTrunkRequest) (*telephonyv1.CreateTrunkResponse, error) {
	if caller(ctx, "telephony") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	}
	made := req.GetTrunk()
	made.Id, made.State, made.CreateTime = "ST_1", telephonyv1.TrunkState_TRUNK_STATE_ACTIVE, timestamppb.New(time.Unix(1768478400, 0))
	return &telephonyv1.CreateTrunkResponse{Trunk: made, Warnings: []string{"Any address may call."}}, k.fail
}

func (k *trunks) ListTrunks(ctx context.Context, _ *telephonyv1.ListTrunksRequest) (*telephonyv1.ListTrunksResponse, error) {
	if caller(ctx, "telephony") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	}
	return &telephonyv1.ListTrunksResponse{Trunks: k.list, TotalSize: int32(len(k.list))}, nil
}

func (k *trunks) GetTrunk(ctx context.Context, req *telephonyv1.GetTrunkRequest) (*telephonyv1.GetTrunkResponse, error) {
	if req.GetTrunkId() == "" && caller(ctx, "telephony") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	} else if req.GetTrunkId() == "" {
		return nil, apierr.New(apierr.TrunkNotFound, "")
	}
	return &telephonyv1.GetTrunkResponse{Trunk: &telephonyv1.Trunk{Id: req.GetTrunkId()}}, k.fail
}

func (k *trunks) UpdateTrunk(_ context.Context, req *telephonyv1.UpdateTrunkRequest) (*telephonyv1.UpdateTrunkResponse, error) {
	req.Trunk.Name += fmt.Sprint(req.GetUpdateMask().GetPaths())
	return &telephonyv1.UpdateTrunkResponse{Trunk: req.GetTrunk()}, nil
}

func (k *trunks) DeleteTrunk(context.Context, *telephonyv1.DeleteTrunkRequest) (*telephonyv1.DeleteTrunkResponse, error) {
	return &telephonyv1.DeleteTrunkResponse{}, k.fail
}

func (k *trunks) DrainTrunk(_ context.Context, req *telephonyv1.DrainTrunkRequest) (*telephonyv1.DrainTrunkResponse, error) {
	return &telephonyv1.DrainTrunkResponse{Trunk: &telephonyv1.Trunk{Id: req.GetTrunkId(), State: telephonyv1.TrunkState_TRUNK_STATE_DRAINING}}, nil
}

func (k *trunks) AddNumber(_ context.Context, req *telephonyv1.AddNumberRequest) (*telephonyv1.AddNumberResponse, error) {
	return &telephonyv1.AddNumberResponse{Trunk: &telephonyv1.Trunk{Id: req.GetTrunkId(), Numbers: []*telephonyv1.PhoneNumber{req.GetNumber()}}}, nil
}

func (k *trunks) RemoveNumber(_ context.Context, req *telephonyv1.RemoveNumberRequest) (*telephonyv1.RemoveNumberResponse, error) {
	if req.GetNumber() != "+33123456789" {
		return nil, apierr.New(apierr.NumberNotFound, "")
	}
	return &telephonyv1.RemoveNumberResponse{}, nil
}
