package grpcx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"buf.build/go/protovalidate"
	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
)

// Verifiers are the verifiers of identity assertions, by proto package
// ("parley.room.v1"): one process may hold several services, each with its own audience.
// The map may still be filled until Serve.
type Verifiers map[string]*identity.Verifier

func (v Verifiers) of(method string) *identity.Verifier {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if i := strings.LastIndex(service, "."); i >= 0 {
		return v[service[:i]]
	}
	return nil
}

// Options are what a server needs to be built.
type Options struct {
	Policy    Policy
	Verifiers Verifiers
	// Credentials are for network listeners. nil: network callers prove nothing.
	Credentials credentials.TransportCredentials
	Logger      *slog.Logger
	Registry    prometheus.Registerer
	// Tracer makes a span of every call. nil: no traces.
	Tracer trace.TracerProvider

	stopping <-chan struct{} // closed when the server begins to stop
}

// streamWorkers are goroutines that stay, so that a call need not grow a new
// stack; with more calls at once than that, the others get goroutines of their own.
const streamWorkers = 8

// windowSize is how much may be under way to one side of a connection, in bytes.
// It is fixed: the library's own guess of it sends a ping, in both directions,
// with nearly every call, which costs a small call as much as its answer.
const windowSize = 1 << 20

// maxMessage is the most bytes of a message, either way. The library's 4 MiB are
// too few: a page of 100 rooms carries every access of each, and one MiB of JSON
// that is a list of numbers becomes a message five times as large. Who sends it
// has proved to be one of the suite.
const maxMessage = 64 << 20

// Server is a gRPC server with the suite's interceptors, health and reflection.
type Server struct {
	grpc   *grpc.Server
	health *health.Server
	policy Policy
	tracer trace.TracerProvider

	// unary is the chain, for calls inside the process.
	unary  grpc.UnaryServerInterceptor
	locals *locals

	stopping, stopped chan struct{}
	beginStop         sync.Once
}

// NewServer builds a server. Register services on it, then call [Server.Serve].
func NewServer(o Options) (*Server, error) {
	policy, err := Merge(o.Policy, builtin())
	if err != nil {
		return nil, err
	}
	o.Policy = policy
	stopping := make(chan struct{})
	o.stopping = stopping
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("request validation: %w", err)
	}
	metrics := grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram(
		grpcprom.WithHistogramBuckets([]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10})))
	if err := o.Registry.Register(metrics); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if o.Credentials == nil {
		o.Credentials = insecureCredentials()
	}
	unary := chainUnary(unaryChain(o, metrics, validator))
	s := &Server{
		grpc: grpc.NewServer(
			grpc.Creds(serverCredentials{tcp: o.Credentials}),
			grpc.UnaryInterceptor(unary),
			grpc.NumStreamWorkers(streamWorkers),
			grpc.StaticStreamWindowSize(windowSize),
			grpc.StaticConnWindowSize(windowSize),
			grpc.MaxRecvMsgSize(maxMessage),
			grpc.ChainStreamInterceptor(streamChain(o, metrics, validator)...),
			tracing(o.Tracer),
			grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 15 * time.Minute, Time: time.Minute, Timeout: 10 * time.Second}),
			grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		),
		health: health.NewServer(),
		policy: policy, tracer: o.Tracer,
		unary: unary, locals: newLocals(),
		stopping: stopping, stopped: make(chan struct{}),
	}
	s.health.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
	healthpb.RegisterHealthServer(s, s.health)
	reflection.Register(s.grpc)
	return s, nil
}

func tracing(tp trace.TracerProvider) grpc.ServerOption {
	if tp == nil {
		return grpc.EmptyServerOption{}
	}
	return grpc.StatsHandler(otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(tp), otelgrpc.WithPropagators(obs.Propagator())))
}

// RegisterService implements grpc.ServiceRegistrar.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	s.grpc.RegisterService(desc, impl)
	s.locals.register(desc, impl)
}

// Methods returns what is registered, by service.
func (s *Server) Methods() map[string]grpc.ServiceInfo { return s.grpc.GetServiceInfo() }

// CheckPolicy returns an error when a registered method has no rule, or a rule no method.
func (s *Server) CheckPolicy() error { return s.policy.check(s.grpc.GetServiceInfo()) }

// SetReady sets what the standard health service answers.
func (s *Server) SetReady(ready bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if ready {
		state = healthpb.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", state)
}

// Serve answers calls inside the process and on all listeners until Stop. It
// refuses to start while the policy and the registered methods differ.
func (s *Server) Serve(listeners ...net.Listener) error {
	if err := s.CheckPolicy(); err != nil {
		return err
	}
	s.locals.open()
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- s.grpc.Serve(l) }()
	}
	var errs []error
	for range listeners {
		if err := <-ended; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			errs = append(errs, err)
			s.grpc.Stop()
		}
	}
	if len(errs) == 0 {
		<-s.stopped
	}
	return errors.Join(errs...)
}

// Stop ends lasting streams, lets calls in flight finish until ctx ends, then
// cuts them.
func (s *Server) Stop(ctx context.Context) error {
	s.beginStop.Do(func() {
		close(s.stopping)
		s.health.Shutdown()
		go func() {
			s.grpc.GracefulStop() // its calls may make calls inside the process
			s.locals.close()
			close(s.stopped)
		}()
	})
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
		s.grpc.Stop()
		return ctx.Err()
	}
}
