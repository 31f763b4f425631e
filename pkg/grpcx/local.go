package grpcx

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/parleymeet/parley/pkg/obs"
)

// Local returns a connection inside this process on which the named service
// calls this server: a call is a call of the handler, on the caller's goroutine,
// with copies of the messages and with the same interceptors and the same table
// as over a wire. The name is given by the code that wires the process, never by
// the caller's data. It carries no streams.
//
// Calls wait for Serve, and fail with UNAVAILABLE once the server has stopped.
func (s *Server) Local(caller string) grpc.ClientConnInterface {
	c := &localConn{server: s, peer: &peer.Peer{Addr: localAddr{}, AuthInfo: localInfo(caller)}}
	if s.tracer != nil {
		options := []otelgrpc.Option{otelgrpc.WithTracerProvider(s.tracer), otelgrpc.WithPropagators(obs.Propagator())}
		c.clientTrace, c.serverTrace = otelgrpc.NewClientHandler(options...), otelgrpc.NewServerHandler(options...)
	}
	return c
}

type localConn struct {
	server *Server
	// peer names the caller.
	peer *peer.Peer
	// clientTrace and serverTrace are nil without traces.
	clientTrace, serverTrace stats.Handler
}

// Invoke implements grpc.ClientConnInterface.
func (c *localConn) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return outgoingUnary(ctx, method, req, reply, nil, c.invoke, opts...)
}

// NewStream implements grpc.ClientConnInterface.
func (c *localConn) NewStream(_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "%s is a stream, which connections inside a process do not carry", method)
}

// invoke is the client's side: what a wire would do to the call.
func (c *localConn) invoke(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) (err error) {
	ctx, end := traced(ctx, c.clientTrace, method, true)
	defer func() { end(err) }()
	call := &localCall{method: method}
	answer, err := c.handle(ctx, call, req)
	for _, option := range opts {
		switch o := option.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = call.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = call.trailer
		}
	}
	if err != nil {
		return asStatus(err)
	}
	return transfer(reply, answer)
}

// handle is the server's side.
func (c *localConn) handle(client context.Context, call *localCall, req any) (answer any, err error) {
	if err := c.server.locals.enter(client); err != nil {
		return nil, err
	}
	defer c.server.locals.leave()
	handler, ok := c.server.locals.methods[call.method]
	if !ok {
		return nil, status.Errorf(codes.Unimplemented, "there is no method %s", call.method)
	}
	ctx := grpc.NewContextWithServerTransportStream(peer.NewContext(bareContext{client}, c.peer), call)
	if sent, ok := metadata.FromOutgoingContext(client); ok {
		ctx = metadata.NewIncomingContext(ctx, sent)
	}
	ctx, end := traced(ctx, c.serverTrace, call.method, false)
	defer func() { end(err) }()
	return handler(ctx, func(into any) error { return transfer(into, req) }, c.server.unary)
}

// traced makes a call part of its trace until it ends.
func traced(ctx context.Context, handler stats.Handler, method string, client bool) (tagged context.Context, end func(error)) {
	if handler == nil {
		return ctx, func(error) {}
	}
	ctx = handler.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
	began := time.Now()
	handler.HandleRPC(ctx, &stats.Begin{Client: client, BeginTime: began})
	return ctx, func(err error) {
		handler.HandleRPC(ctx, &stats.End{Client: client, BeginTime: began, EndTime: time.Now(), Error: err})
	}
}

// transfer copies a message, for client and server must not share one.
func transfer(into, from any) error {
	to, ok1 := into.(proto.Message)
	message, ok2 := from.(proto.Message)
	if !ok1 || !ok2 {
		return status.Errorf(codes.Internal, "%T or %T is no message", into, from)
	}
	proto.Reset(to)
	proto.Merge(to, message)
	return nil
}

// asStatus leaves of an error what a wire would carry: the client gets no cause.
func asStatus(err error) error {
	known, ok := status.FromError(err)
	if !ok {
		known = status.FromContextError(err)
	}
	return known.Err()
}

// bareContext ends with the client's context and has none of its values: what
// the client knows must not reach the server but by the message.
type bareContext struct{ context.Context }

// Value implements context.Context.
func (bareContext) Value(any) any { return nil }

// AfterFunc spares package context a goroutine for each context made of this one.
func (c bareContext) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }

// localCall takes what a handler says beside its answer.
type localCall struct {
	method string

	mu              sync.Mutex
	header, trailer metadata.MD
}

// Method implements grpc.ServerTransportStream.
func (c *localCall) Method() string { return c.method }

// SetHeader implements grpc.ServerTransportStream.
func (c *localCall) SetHeader(md metadata.MD) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header = joined(c.header, md)
	return nil
}

// SendHeader implements grpc.ServerTransportStream.
func (c *localCall) SendHeader(md metadata.MD) error { return c.SetHeader(md) }

// SetTrailer implements grpc.ServerTransportStream.
func (c *localCall) SetTrailer(md metadata.MD) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trailer = joined(c.trailer, md)
	return nil
}

// joined spares a copy of what is mostly the only metadata.
func joined(before, md metadata.MD) metadata.MD {
	if before == nil {
		return md
	}
	return metadata.Join(before, md)
}

// localHandler is a method of a registered service.
type localHandler func(ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error)

// locals are the calls inside the process.
type locals struct {
	// methods are complete when Serve begins.
	methods map[string]localHandler
	opened  chan struct{} // closed by Serve

	mu             sync.Mutex
	isOpen, closed bool
	running        sync.WaitGroup
}

func newLocals() *locals {
	return &locals{methods: map[string]localHandler{}, opened: make(chan struct{})}
}

func (l *locals) register(desc *grpc.ServiceDesc, impl any) {
	for _, m := range desc.Methods {
		l.methods[fmt.Sprintf("/%s/%s", desc.ServiceName, m.MethodName)] = func(ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(impl, ctx, decode, chain)
		}
	}
}

func (l *locals) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isOpen {
		l.isOpen = true
		close(l.opened)
	}
}

// enter begins a call; every call that was let in must leave.
func (l *locals) enter(ctx context.Context) error {
	if ctx.Err() != nil { // said before the select, which would choose between the two
		return status.FromContextError(ctx.Err()).Err()
	}
	select {
	case <-l.opened:
	case <-ctx.Done():
		return status.Error(codes.Unavailable, "the service has not started")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return status.Error(codes.Unavailable, "the service stops")
	}
	l.running.Add(1)
	return nil
}

func (l *locals) leave() { l.running.Done() }

// close refuses calls from now on and waits for those that run.
func (l *locals) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.open() // who waits for the start learns that it will not come
	l.running.Wait()
}

type localAddr struct{}

func (localAddr) Network() string { return "local" }
func (localAddr) String() string  { return "local" }
