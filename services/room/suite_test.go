package room_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/room"
	"github.com/parleymeet/parley/services/room/internal/store/storetest"
)

// suite is the room service, its fake peers, and who calls it.
type suite struct {
	auth      *fakeAuth
	token     *fakeToken
	telephony *fakeTelephony

	rooms     roomv1.RoomServiceClient // as the gateway
	operator  roomv1.RoomServiceClient
	admission roomv1.AdmissionServiceClient
	conns     []grpc.ClientConnInterface // of the gateway, the operator and telephony

	owner, administrator, member, stranger *identity.User

	signer identity.Signer
	dir    string
}

func newSuite(t *testing.T, environ ...string) *suite {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{
		auth: &fakeAuth{users: map[string]*authv1.User{}}, token: &fakeToken{},
		telephony: &fakeTelephony{pins: map[string]string{}},
		signer:    identity.Signer{KeyID: "k", Key: private}, dir: t.TempDir(),
	}
	s.owner, s.administrator = s.person("owner"), s.person("administrator")
	s.member, s.stranger = s.person("member"), s.person("stranger")

	var cfg room.Config
	if err := config.Load(&cfg, append([]string{"DATABASE_URL=sqlite://" + s.dir, "SECRET_KEY=" + secret.Generate()}, environ...)); err != nil {
		t.Fatal(err)
	}
	service, err := room.New(cfg, room.Deps{
		Auth: serve(t, identity.CallerRoom, nil, func(g *grpcx.Server) { authv1.RegisterUserServiceServer(g, s.auth) },
			grpcx.Service(authv1.UserService_ServiceDesc, onlyRoom))[0],
		Token: serve(t, identity.CallerRoom, nil, func(g *grpcx.Server) { tokenv1.RegisterTokenServiceServer(g, s.token) },
			grpcx.Service(tokenv1.TokenService_ServiceDesc, onlyRoom))[0],
		Telephony: serve(t, identity.CallerRoom, nil, func(g *grpcx.Server) { telephonyv1.RegisterPinServiceServer(g, s.telephony) },
			grpcx.Service(telephonyv1.PinService_ServiceDesc, onlyRoom))[0],
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Clock: clock.System{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(t, service)
	keys := func(context.Context) ([]identity.Key, error) {
		return []identity.Key{{ID: "k", Public: public, Expires: time.Now().Add(time.Hour)}}, nil
	}
	verifiers := grpcx.Verifiers{"parley.room.v1": identity.NewVerifier("room", keys, time.Now)}
	s.conns = serve(t, identity.CallerGateway, verifiers, func(g *grpcx.Server) { service.Register(g) }, room.Policy(),
		identity.CallerOperator, identity.CallerTelephony)
	s.rooms, s.operator = roomv1.NewRoomServiceClient(s.conns[0]), roomv1.NewRoomServiceClient(s.conns[1])
	s.admission = roomv1.NewAdmissionServiceClient(s.conns[2])
	return s
}

var onlyRoom = grpcx.Rule{Callers: []string{identity.CallerRoom}}

// start runs the service's component until the test ends.
func start(t *testing.T, service *room.Service) {
	t.Helper()
	component := service.Component()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- component.Run(ctx) }()
	t.Cleanup(func() {
		if err := component.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		cancel()
	})
}

// serve serves in memory and returns a connection for each caller.
func serve(t *testing.T, caller string, v grpcx.Verifiers, register func(*grpcx.Server), policy grpcx.Policy, more ...string) []grpc.ClientConnInterface {
	t.Helper()
	server, err := grpcx.NewServer(grpcx.Options{
		Policy: policy, Verifiers: v, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	register(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve() }()
	t.Cleanup(func() {
		_ = server.Stop(context.Background())
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	conns := make([]grpc.ClientConnInterface, 0, 1+len(more))
	for _, name := range append([]string{caller}, more...) {
		conns = append(conns, server.Local(name))
	}
	return conns
}

// person makes a user that auth knows.
func (s *suite) person(name string) *identity.User {
	user := &identity.User{ID: uuid.NewString(), Sub: "sub-" + name, Email: name + "@example.org", FullName: name}
	s.auth.users[user.ID] = &authv1.User{Id: user.ID, Sub: user.Sub, Email: user.Email, FullName: name, Language: "en-us"}
	return user
}

// as returns a context in which the gateway calls for the user; nil for a visitor.
func (s *suite) as(t *testing.T, user *identity.User) context.Context {
	t.Helper()
	if user == nil {
		return t.Context()
	}
	assertion, err := s.signer.Sign(*user, "room", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return identity.WithAssertion(t.Context(), assertion)
}

// create creates a room of the owner.
func (s *suite) create(t *testing.T, name string, level roomv1.AccessLevel) *roomv1.RoomView {
	t.Helper()
	resp, err := s.rooms.CreateRoom(s.as(t, s.owner), &roomv1.CreateRoomRequest{Name: name, AccessLevel: level})
	if err != nil {
		t.Fatalf("create %q: %v", name, err)
	}
	return resp.GetRoom()
}

// grant gives roles on a room.
func (s *suite) grant(t *testing.T, roomID string, roles map[string]*identity.User) {
	t.Helper()
	users := map[string]string{}
	for role, user := range roles {
		users[role] = user.ID
	}
	storetest.Grant(t, filepath.Join(s.dir, "room.db"), roomID, users)
}

func (s *suite) get(t *testing.T, user *identity.User, idOrSlug string) *roomv1.RoomView {
	t.Helper()
	resp, err := s.rooms.GetRoom(s.as(t, user), &roomv1.GetRoomRequest{IdOrSlug: idOrSlug})
	if err != nil {
		t.Fatalf("get %q: %v", idOrSlug, err)
	}
	return resp.GetRoom()
}

func wantReason(t *testing.T, err error, reason apierr.Reason) {
	t.Helper()
	if !apierr.Has(err, reason) {
		t.Errorf("error %v, want %v", err, reason)
	}
}
