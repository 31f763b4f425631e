package grpcx

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
)

// tokens is a service whose three methods do what a test needs of them.
type tokens struct {
	tokenv1.UnimplementedTokenServiceServer
	verify func(ctx context.Context, req *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error)
}

func (s *tokens) VerifyToken(ctx context.Context, req *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
	return s.verify(ctx, req)
}

func (s *tokens) MintParticipantToken(context.Context, *tokenv1.MintParticipantTokenRequest) (*tokenv1.MintParticipantTokenResponse, error) {
	return &tokenv1.MintParticipantTokenResponse{}, nil
}

// lockedBuffer is a log that handlers write while the test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type bench struct {
	server *Server
	logs   *lockedBuffer
	signer identity.Signer
	impl   *tokens
}

func newBench(t *testing.T, rule Rule, listeners ...net.Listener) *bench {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{logs: &lockedBuffer{}, signer: identity.Signer{KeyID: "k", Key: private}, impl: &tokens{}}
	b.impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		return &tokenv1.VerifyTokenResponse{}, nil
	}
	verifier := identity.NewVerifier("token", func(context.Context) ([]identity.Key, error) {
		return []identity.Key{{ID: "k", Public: private.Public().(ed25519.PublicKey), Expires: time.Now().Add(time.Hour)}}, nil
	}, time.Now)
	b.server, err = NewServer(Options{
		Policy:    Service(tokenv1.TokenService_ServiceDesc, rule),
		Verifiers: Verifiers{"parley.token.v1": verifier},
		Logger:    slog.New(slog.NewTextHandler(b.logs, nil)),
		Registry:  prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	tokenv1.RegisterTokenServiceServer(b.server, b.impl)
	done := make(chan error, 1)
	go func() { done <- b.server.Serve(listeners...) }()
	t.Cleanup(func() {
		if err := b.server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) client(caller string) tokenv1.TokenServiceClient {
	return tokenv1.NewTokenServiceClient(b.server.Local(caller))
}

func verify(ctx context.Context, c tokenv1.TokenServiceClient) error {
	_, err := c.VerifyToken(ctx, &tokenv1.VerifyTokenRequest{})
	return err
}

func TestCallerMustBeInTheRow(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{"room"}})
	if err := verify(t.Context(), b.client("room")); err != nil {
		t.Errorf("room: %v", err)
	}
	for _, name := range []string{"gateway", "", "*"} {
		if err := verify(t.Context(), b.client(name)); !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%q: %v", name, err)
		}
	}
	// A caller's claim in the metadata proves nothing.
	ctx := metadata.AppendToOutgoingContext(t.Context(), "caller", "room", "x-caller", "room")
	if err := verify(ctx, b.client("gateway")); !apierr.Has(err, apierr.CallerNotAllowed) {
		t.Errorf("claimed: %v", err)
	}
}

func TestUserRules(t *testing.T) {
	ada := identity.User{ID: "u", Sub: "s"}
	for name, c := range map[string]struct {
		rule      UserRule
		caller    string
		audience  string
		wantUser  bool
		wantError apierr.Reason
	}{
		"required, none":            {rule: RequireUser, caller: "gateway", wantError: apierr.Unauthenticated},
		"required, given":           {rule: RequireUser, caller: "gateway", audience: "token", wantUser: true},
		"required, for another":     {rule: RequireUser, caller: "gateway", audience: "room", wantError: apierr.Unauthenticated},
		"required, operator":        {rule: RequireUser, caller: "operator"},
		"optional, none":            {rule: OptionalUser, caller: "gateway"},
		"optional, given":           {rule: OptionalUser, caller: "gateway", audience: "token", wantUser: true},
		"optional, bad":             {rule: OptionalUser, caller: "gateway", audience: "room", wantError: apierr.Unauthenticated},
		"no user, given":            {rule: NoUser, caller: "gateway", audience: "token"},
		"operator cannot be a user": {rule: RequireUser, caller: "operator", audience: "token"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Rule{Callers: []string{"gateway", "operator"}, User: c.rule})
			b.impl.verify = func(ctx context.Context, _ *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
				if got := identity.UserFrom(ctx) != nil; got != c.wantUser {
					t.Errorf("user in context: %v", got)
				}
				if identity.CallerFrom(ctx) != c.caller {
					t.Errorf("caller %q", identity.CallerFrom(ctx))
				}
				return &tokenv1.VerifyTokenResponse{}, nil
			}
			ctx := t.Context()
			if c.audience != "" {
				assertion, err := b.signer.Sign(ada, c.audience, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				ctx = identity.WithAssertion(ctx, assertion)
			}
			if err := verify(ctx, b.client(c.caller)); apierr.ReasonOf(err) != c.wantError {
				t.Fatalf("got %v, want %v", err, c.wantError)
			}
		})
	}
}

func TestErrorsCrossTheWire(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{AnyCaller}})
	client := b.client("")
	ctx := obs.WithRequestID(t.Context(), "req-42")

	b.impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		return nil, apierr.InvalidField("name", "required", "This field is required.")
	}
	if got := apierr.From(verify(ctx, client)); got.Reason != apierr.InvalidFields || len(got.Violations) != 1 || got.RequestID != "req-42" {
		t.Errorf("own error: %+v", got)
	}

	b.impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		return nil, errors.New("connect to db1.internal failed")
	}
	if err := verify(ctx, client); !apierr.Has(err, apierr.Internal) || strings.Contains(err.Error(), "db1") {
		t.Errorf("foreign error: %v", err)
	}

	b.impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		panic("kaboom")
	}
	if err := verify(ctx, client); !apierr.Has(err, apierr.Internal) || strings.Contains(err.Error(), "kaboom") {
		t.Errorf("panic: %v", err)
	}
	if err := verify(ctx, client); err == nil { // the server is still there
		t.Error("second panic")
	}
	for _, want := range []string{"db1.internal", "kaboom", "interceptors.go"} {
		if !strings.Contains(b.logs.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, b.logs.String())
		}
	}
}

func TestRequestsAreValidated(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{AnyCaller}})
	_, err := b.client("").MintParticipantToken(t.Context(), &tokenv1.MintParticipantTokenRequest{
		Identity: "ada", PublishSources: []string{"camera", "hologram"},
	})
	got := apierr.From(err)
	if got == nil || got.Reason != apierr.InvalidFields || len(got.Violations) != 2 ||
		got.Violations[0].Field != "room" || got.Violations[1].Field != "publish_sources[1]" {
		t.Fatalf("got %+v", got)
	}
}

func TestDeadlines(t *testing.T) {
	b := newBench(t, Rule{Callers: []string{AnyCaller}})
	var left time.Duration
	b.impl.verify = func(ctx context.Context, _ *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		end, ok := ctx.Deadline()
		if !ok {
			t.Error("a call without deadline")
		}
		left = time.Until(end)
		return &tokenv1.VerifyTokenResponse{}, nil
	}
	if err := verify(t.Context(), b.client("")); err != nil || left > DefaultDeadline {
		t.Errorf("default: %v, %v", left, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := verify(ctx, b.client("")); err != nil || left > time.Second-replyReserve {
		t.Errorf("given: %v, %v", left, err)
	}
}

// TestLastingStreams have no deadline, and end when the server stops.
func TestLastingStreams(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Rule{Callers: []string{AnyCaller}}, listener)
	conn, err := Dial(listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	end := deadline(Policy{"/lasting": {Lasting: true}}, make(chan struct{}))
	ctx, cancel, err := end(context.Background(), "/lasting")
	if _, ends := ctx.Deadline(); ends || err != nil {
		t.Errorf("a deadline: %v", err)
	}
	cancel()
	stream, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := b.server.Stop(t.Context()); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("stopped after %v: %v", time.Since(began), err)
	}
}

func TestServeRefusesAnIncompletePolicy(t *testing.T) {
	server, err := NewServer(Options{
		Policy:   Policy{"/parley.token.v1.TokenService/VerifyToken": {}, "/parley.token.v1.TokenService/Gone": {}},
		Logger:   slog.New(slog.DiscardHandler),
		Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	tokenv1.RegisterTokenServiceServer(server, &tokens{})
	err = server.Serve()
	if err == nil || !strings.Contains(err.Error(), "MintPhoneToken") || !strings.Contains(err.Error(), "Gone") {
		t.Fatalf("got %v", err)
	}
	if _, err := Merge(Policy{"/a/b": {}}, Policy{"/a/b": {}}); err == nil {
		t.Fatal("two rules for a method")
	}
}

func TestUnixSocketIsTheOperator(t *testing.T) {
	path := filepath.Join(t.TempDir(), "op.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	newBench(t, Rule{Callers: []string{identity.CallerOperator}}, listener)
	conn, err := Dial("unix://"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := verify(t.Context(), tokenv1.NewTokenServiceClient(conn)); err != nil {
		t.Fatal(err)
	}
}

// TestLargeMessages: a page of rooms with all their accesses fits, and so does
// what a body of one MiB may become.
func TestLargeMessages(t *testing.T) {
	const size = 8 << 20
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	newBench(t, Rule{Callers: []string{AnyCaller}}, listener).impl.verify = func(_ context.Context, req *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
		return &tokenv1.VerifyTokenResponse{Name: req.GetToken()}, nil
	}
	conn, err := Dial(listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	got, err := tokenv1.NewTokenServiceClient(conn).VerifyToken(t.Context(), &tokenv1.VerifyTokenRequest{Token: strings.Repeat("x", size)})
	if err != nil || len(got.GetName()) != size {
		t.Errorf("%d bytes came back, %v", len(got.GetName()), err)
	}
}

func TestListOfReplicas(t *testing.T) {
	addresses := make([]string, 0, 2)
	var calls [2]atomic.Int32
	for i := range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, listener.Addr().String())
		newBench(t, Rule{Callers: []string{AnyCaller}}, listener).impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
			calls[i].Add(1)
			return &tokenv1.VerifyTokenResponse{}, nil
		}
	}
	conn, err := Dial(strings.Join(addresses, ", "), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for deadline := time.Now().Add(5 * time.Second); calls[0].Load() == 0 || calls[1].Load() == 0; {
		if err := verify(t.Context(), tokenv1.NewTokenServiceClient(conn)); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("calls: %d and %d", calls[0].Load(), calls[1].Load())
		}
	}
}

func TestNetworkCallersWithoutTLSProveNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Rule{Callers: []string{"room", "operator"}}, listener)
	conn, err := Dial(listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := verify(t.Context(), tokenv1.NewTokenServiceClient(conn)); !apierr.Has(err, apierr.CallerNotAllowed) {
		t.Fatalf("got %v", err)
	}
	health := healthpb.NewHealthClient(conn)
	for _, ready := range []bool{true, false} {
		b.server.SetReady(ready)
		resp, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil || (resp.GetStatus() == healthpb.HealthCheckResponse_SERVING) != ready {
			t.Fatalf("health %v: %v, %v", ready, resp, err)
		}
	}
}

func TestChainOrder(t *testing.T) {
	// The log sees the mapped error of a panic, and the refusal of the caller
	// comes before the validation of the request.
	b := newBench(t, Rule{Callers: []string{"room"}})
	_, err := b.client("gateway").MintParticipantToken(t.Context(), &tokenv1.MintParticipantTokenRequest{})
	if !apierr.Has(err, apierr.CallerNotAllowed) {
		t.Errorf("caller before validation: %v", err)
	}
	b.impl.verify = func(context.Context, *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) { panic("x") }
	var header metadata.MD
	_, err = b.client("room").VerifyToken(t.Context(), &tokenv1.VerifyTokenRequest{}, grpc.Header(&header))
	if !apierr.Has(err, apierr.Internal) || !strings.Contains(b.logs.String(), "code=Internal") {
		t.Errorf("log outside of recovery: %v\n%s", err, b.logs.String())
	}
	if len(header.Get(requestIDHeader)) != 1 || !strings.Contains(apierr.From(err).RequestID, header.Get(requestIDHeader)[0]) {
		t.Errorf("request id: %v, %v", header, err)
	}
}
