package grpcx

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

type privateKey struct{}

// What a client has beside its message does not reach the server, and what a
// handler keeps of its message is its own.
func TestLocalCallsShareNothing(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{"room"}})
	cause := errors.New("the cause")
	var kept *tokenv1.VerifyTokenRequest
	answer := &tokenv1.VerifyTokenResponse{Room: "r"}
	b.impl.verify = func(ctx context.Context, req *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		if ctx.Value(privateKey{}) != nil {
			t.Error("a value of the client's context reached the server")
		}
		kept = req
		if req.GetToken() == "bad" {
			return nil, apierr.Wrap(apierr.RoomNotFound, cause)
		}
		return answer, nil
	}
	ctx := context.WithValue(t.Context(), privateKey{}, "secret")
	client, req := b.client("room"), &tokenv1.VerifyTokenRequest{Token: "good"}
	got, err := client.VerifyToken(ctx, req)
	if err != nil || got.GetRoom() != "r" {
		t.Fatalf("%v, %v", got, err)
	}
	req.Token, got.Room = "changed", "changed"
	if kept.GetToken() != "good" || answer.GetRoom() != "r" {
		t.Errorf("messages are shared: %v, %v", kept, answer)
	}
	req.Token = "bad"
	if _, err := client.VerifyToken(ctx, req); !apierr.Has(err, apierr.RoomNotFound) || errors.Is(err, cause) {
		t.Errorf("want the reason without its cause: %v", err)
	}
}

// A call ends with its client, who may be on the way to another server.
func TestLocalCallsEndWithTheirClient(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{"room"}})
	b.impl.verify = func(ctx context.Context, _ *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := verify(ctx, b.client("room")); status.Code(err) != codes.Canceled {
		t.Errorf("canceled: %v", err)
	}
	for range 20 { // by then there is a choice between what has ended and what is open
		if err := verify(ctx, b.client("room")); status.Code(err) != codes.Canceled {
			t.Fatalf("canceled before: %v", err)
		}
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := verify(ctx, b.client("room")); !apierr.Has(err, apierr.DeadlineExceeded) {
		t.Errorf("too late: %v", err)
	}
}

// Calls wait for the start, and those in flight for the stop.
func TestLocalCallsBeginAndEndWithTheServer(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{"room"}})
	began, release := make(chan struct{}), make(chan struct{})
	b.impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		close(began)
		<-release
		return &tokenv1.VerifyTokenResponse{}, nil
	}
	answered, stopped := make(chan error, 1), make(chan error, 1)
	go func() { answered <- verify(t.Context(), b.client("room")) }()
	<-began
	go func() { stopped <- b.server.Stop(t.Context()) }()
	select {
	case err := <-stopped:
		t.Fatalf("the server stopped before its call had ended: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if err := errors.Join(<-answered, <-stopped); err != nil {
		t.Error(err)
	}
	if err := verify(t.Context(), b.client("room")); !apierr.Has(err, apierr.Unavailable) {
		t.Errorf("after the stop: %v", err)
	}
	idle, err := NewServer(Options{Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := healthpb.NewHealthClient(idle.Local("room")).Check(ctx, &healthpb.HealthCheckRequest{}); !apierr.Has(err, apierr.Unavailable) {
		t.Errorf("before the start: %v", err)
	}
}

func TestLocalCallsCarryHeaders(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{"room"}})
	b.impl.verify = func(ctx context.Context, _ *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		return &tokenv1.VerifyTokenResponse{}, errors.Join(
			grpc.SetHeader(ctx, metadata.Pairs("a", "1")), grpc.SendHeader(ctx, metadata.Pairs("b", "2")), grpc.SetTrailer(ctx, metadata.Pairs("c", "3")))
	}
	var header, trailer metadata.MD
	_, err := b.client("room").VerifyToken(t.Context(), &tokenv1.VerifyTokenRequest{}, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil || header.Get("a")[0] != "1" || header.Get("b")[0] != "2" || trailer.Get("c")[0] != "3" {
		t.Errorf("%v, %v: %v", header, trailer, err)
	}
	conn := b.server.Local("room")
	if err := conn.Invoke(t.Context(), "/parley.token.v1.TokenService/Gone", &tokenv1.VerifyTokenRequest{}, &tokenv1.VerifyTokenResponse{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("an unknown method: %v", err)
	}
	if _, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("a stream: %v", err)
	}
}
