package grpcx

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
)

// serviceConfig spreads calls over the replicas that a name resolves to. There
// is no retry policy: gRPC repeats by itself what the server certainly did not
// see, and only the one who asks knows whether more than that is safe.
const serviceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`

// Dial returns a connection to a service: to a gRPC target (a DNS name stands
// for all its addresses) or to a list of addresses with commas between them,
// one a replica. It does not wait: calls made while the service is away fail
// with UNAVAILABLE at once, and work again within two seconds of its return.
// creds nil means no TLS, for loopback only.
func Dial(target string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	if creds == nil {
		creds = insecureCredentials()
	}
	if strings.Contains(target, ",") {
		list := manual.NewBuilderWithScheme("list")
		var state resolver.State
		for address := range strings.SplitSeq(target, ",") {
			state.Endpoints = append(state.Endpoints, resolver.Endpoint{
				Addresses: []resolver.Address{{Addr: strings.TrimSpace(address)}},
			})
		}
		list.InitialState(state)
		opts = append(opts, grpc.WithResolvers(list))
		target = "list:///replicas"
	}
	return newClient(target, creds, opts...)
}

// WithTracing makes calls on the connection part of the caller's trace. tp nil: no traces.
func WithTracing(tp trace.TracerProvider) grpc.DialOption {
	if tp == nil {
		return grpc.EmptyDialOption{}
	}
	return grpc.WithStatsHandler(otelgrpc.NewClientHandler(
		otelgrpc.WithTracerProvider(tp), otelgrpc.WithPropagators(obs.Propagator())))
}

func insecureCredentials() credentials.TransportCredentials { return insecure.NewCredentials() }

func newClient(target string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient(target, append([]grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithChainUnaryInterceptor(outgoingUnary),
		grpc.WithChainStreamInterceptor(outgoingStream),
		// The library's default of two minutes would keep phones out long after a restart.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 500 * time.Millisecond},
			MinConnectTimeout: 2 * time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithIdleTimeout(0),
		grpc.WithStaticStreamWindowSize(windowSize),
		grpc.WithStaticConnWindowSize(windowSize),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
	}, opts...)...)
}

// outgoingUnary passes the request id and the assertion on, gives the call a
// deadline and turns the peer's status back into an *apierr.Error.
func outgoingUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultDeadline)
		defer cancel()
	}
	if err := invoke(outgoing(ctx), method, req, reply, cc, opts...); err != nil {
		return apierr.From(err)
	}
	return nil
}

func outgoingStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(outgoing(ctx), desc, cc, method, opts...)
	if err != nil {
		return nil, apierr.From(err)
	}
	return stream, nil
}

func outgoing(ctx context.Context) context.Context {
	var pairs []string
	if id := obs.RequestID(ctx); id != "" {
		pairs = append(pairs, requestIDHeader, id)
	}
	if assertion := identity.AssertionFrom(ctx); assertion != "" {
		pairs = append(pairs, assertionHeader, assertion)
	}
	if len(pairs) == 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}
