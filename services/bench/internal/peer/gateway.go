package peer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
)

const (
	readHeaderTimeout = 5 * time.Second
	connBuffer        = 64 << 10
)

// bareRooms answers every question with the same room, about as long as a true one.
type bareRooms struct {
	frontendv1.UnimplementedRoomServiceServer
	room *frontendv1.Room
}

func (s *bareRooms) CreateRoom(context.Context, *frontendv1.CreateRoomRequest) (*frontendv1.CreateRoomResponse, error) {
	return &frontendv1.CreateRoomResponse{Room: s.room}, nil
}

func (s *bareRooms) GetRoom(context.Context, *frontendv1.GetRoomRequest) (*frontendv1.GetRoomResponse, error) {
	return &frontendv1.GetRoomResponse{Room: s.room}, nil
}

// bareUsers answers every question with the same user.
type bareUsers struct {
	frontendv1.UnimplementedUserServiceServer
}

func (*bareUsers) GetMe(context.Context, *frontendv1.GetMeRequest) (*frontendv1.GetMeResponse, error) {
	return &frontendv1.GetMeResponse{User: &frontendv1.User{
		Id: strings.Repeat("0", 36), Email: structpb.NewStringValue("person-123@example.org"),
		FullName: structpb.NewStringValue("A Person"), ShortName: structpb.NewStringValue("A"),
		Timezone: "UTC", Language: "en-us",
		DefaultRoomAccessLevel: structpb.NewNullValue(), DefaultRoomConfiguration: &structpb.Struct{},
	}}, nil
}

// bareLobby lets everybody wait.
type bareLobby struct {
	frontendv1.UnimplementedLobbyServiceServer
}

func (*bareLobby) RequestEntry(context.Context, *frontendv1.RequestEntryRequest) (*frontendv1.RequestEntryResponse, error) {
	return &frontendv1.RequestEntryResponse{
		Status: "waiting", Username: "Guest", Id: strings.Repeat("0", 36), Color: "hsl(92, 59%, 37%)", Livekit: structpb.NewNullValue(),
	}, nil
}

func constantRoom() (*frontendv1.Room, error) {
	id := strings.Repeat("0", 36)
	dialIn, err := structpb.NewValue(map[string]any{
		"pin": "0123456789", "pin_display": "012 345 6789", "trunk_id": strings.Repeat("t", 15), "sip_uri": "",
		"numbers": []any{map[string]any{
			"number": "+33199000123", "display": "+33 1 99 00 01 23", "country": "FR", "label": "Paris", "kind": "local",
			"tel": "tel:+33199000123,,,0123456789#",
		}},
	})
	if err != nil {
		return nil, err
	}
	accesses, err := structpb.NewList([]any{map[string]any{
		"id": id, "resource": id, "role": "owner",
		"user": map[string]any{"id": id, "email": "owner@example.org", "full_name": "Owner", "short_name": "Owner"},
	}})
	return &frontendv1.Room{
		Id: id, Name: "Bench", Slug: "bench", Configuration: &structpb.Struct{}, AccessLevel: "public",
		PinCode: structpb.NewStringValue("0123456789"), Accesses: accesses, DialIn: dialIn,
		Livekit: &frontendv1.LiveKit{Url: "ws://127.0.0.1:7880", Room: id, Token: strings.Repeat("t", 700)},
	}, err
}

// serveGateway is a grpc-gateway as its documentation makes one, with the same
// generated code as the suite's, over a connection in memory.
func serveGateway(ctx context.Context, o Options) error {
	room, err := constantRoom()
	if err != nil {
		return err
	}
	memory := bufconn.Listen(connBuffer)
	backend := grpc.NewServer()
	frontendv1.RegisterRoomServiceServer(backend, &bareRooms{room: room})
	frontendv1.RegisterUserServiceServer(backend, &bareUsers{})
	frontendv1.RegisterLobbyServiceServer(backend, &bareLobby{})
	ended := make(chan error, 2)
	go func() { ended <- backend.Serve(memory) }()
	defer backend.Stop()

	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return memory.DialContext(ctx) }))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	mux := runtime.NewServeMux(runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
		MarshalOptions: protojson.MarshalOptions{UseProtoNames: true}, // as the frontend reads them
	}))
	if err := frontendv1.RegisterRoomServiceHandler(ctx, mux, conn); err != nil {
		return err
	}
	if err := frontendv1.RegisterUserServiceHandler(ctx, mux, conn); err != nil {
		return err
	}
	if err := frontendv1.RegisterLobbyServiceHandler(ctx, mux, conn); err != nil {
		return err
	}
	listener, err := listen(ctx, o.Address)
	if err != nil {
		return err
	}
	// Paths of the frontend end with a slash; those of gateway.yaml do not.
	front := &http.Server{ReadHeaderTimeout: readHeaderTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
		mux.ServeHTTP(w, r)
	})}
	go func() { ended <- front.Serve(listener) }()
	defer func() { _ = front.Close() }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return errors.Join(errors.New("the peer's server ended"), err)
	}
}
