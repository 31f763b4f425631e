package sipbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/livekit/psrpc/pkg/info"
	"github.com/livekit/psrpc/pkg/rand"
	"github.com/livekit/psrpc/pkg/server"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"
)

// The psrpc services that LiveKit SIP asks.
const (
	serviceName    = "IOInfo"
	sipServiceName = "IOInfoSIP"
)

// The methods of IOInfo that are about SIP.
const (
	methodAuthenticate = "GetSIPTrunkAuthentication"
	methodEvaluate     = "EvaluateSIPDispatchRules"
	methodUpdate       = "UpdateSIPCallState"
	methodContext      = "RecordCallContext"
)

// Bus is this process's place on the SIP bus.
type Bus struct {
	handlers *Handlers
	log      *slog.Logger
	redis    *redis.Client
	id       string // names this replica among those on the bus
	rivals   prometheus.Gauge

	mu        sync.Mutex // guards what follows: a stop may overtake the start
	stopped   bool
	ioInfo    *server.RPCServer
	ioInfoSIP rpc.IOInfoSIPServer
}

// New returns a bus on the Redis of a redis:// or rediss:// URL. It does not
// connect.
func New(url string, handlers *Handlers, log *slog.Logger, r prometheus.Registerer) (*Bus, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		// The error may repeat the URL, and the URL may hold a password.
		return nil, errors.New("SIP_REDIS_URL must be redis://[user:password@]host:port")
	}
	b := &Bus{
		handlers: handlers, log: log, redis: redis.NewClient(options), id: rand.NewServerID(),
		rivals: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "parley_telephony_sip_bus_rivals",
			Help: "Responders on the SIP bus that are not replicas of this service; each takes part of the calls.",
		}),
	}
	return b, r.Register(b.rivals)
}

// Start begins to answer, as soon as Redis does. After Stop it does nothing.
func (b *Bus) Start() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return nil
	}
	bus := psrpc.NewRedisMessageBus(b.redis)
	recovery := psrpc.WithServerRPCInterceptors(b.recoverPanic)
	var err error
	if b.ioInfo, err = serveIOInfo(b.handlers, bus, recovery); err != nil {
		return fmt.Errorf("serve IOInfo on the SIP bus: %w", err)
	}
	if b.ioInfoSIP, err = rpc.NewIOInfoSIPServer(b.handlers, bus, recovery); err != nil {
		return fmt.Errorf("serve IOInfoSIP on the SIP bus: %w", err)
	}
	return nil
}

// serveIOInfo registers the SIP methods of IOInfo, as rpc.NewIOInfoServer
// would, and none of the others.
func serveIOInfo(h *Handlers, bus psrpc.MessageBus, opts ...psrpc.ServerOption) (*server.RPCServer, error) {
	definition := &info.ServiceDefinition{Name: serviceName, ID: rand.NewServerID()}
	s := server.NewRPCServer(definition, bus, opts...)
	for _, method := range []string{methodAuthenticate, methodEvaluate, methodUpdate, methodContext} {
		definition.RegisterMethod(method, false, false, true, true)
	}
	return s, errors.Join(
		server.RegisterHandler(s, methodAuthenticate, nil, h.GetSIPTrunkAuthentication, nil),
		server.RegisterHandler(s, methodEvaluate, nil, h.EvaluateSIPDispatchRules, nil),
		server.RegisterHandler(s, methodUpdate, nil, h.UpdateSIPCallState, nil),
		server.RegisterHandler(s, methodContext, nil, h.RecordCallContext, nil),
	)
}

// recoverPanic answers a request that panics, with the stack in our own log and
// not, as psrpc's own recovery does, in the answer.
func (b *Bus) recoverPanic(ctx context.Context, req proto.Message, call psrpc.RPCInfo, next psrpc.ServerRPCHandler) (resp proto.Message, err error) {
	defer func() {
		if value := recover(); value != nil {
			b.log.ErrorContext(ctx, "panic on the SIP bus", "method", call.Method,
				"panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			err = psrpc.NewErrorf(psrpc.Internal, "internal error")
		}
	}()
	return next(ctx, req)
}

// Ready returns nil when Redis answers and somebody is subscribed to the calls.
func (b *Bus) Ready(ctx context.Context) error {
	n, err := b.responders(ctx)
	if err != nil {
		return fmt.Errorf("SIP bus: %w", err)
	}
	if n == 0 {
		return errors.New("SIP bus: not subscribed yet")
	}
	return nil
}

// Stop finishes the requests in hand and leaves the bus.
func (b *Bus) Stop(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.stopped = true
		if b.ioInfo != nil {
			b.ioInfo.Close(false)
		}
		if b.ioInfoSIP != nil {
			b.ioInfoSIP.Shutdown()
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	b.leave(ctx)
	return b.redis.Close()
}
