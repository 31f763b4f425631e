package peer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/livekit/psrpc/pkg/client"
	"github.com/livekit/psrpc/pkg/info"
	"github.com/livekit/psrpc/pkg/rand"
	"github.com/livekit/psrpc/pkg/server"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// Names of psrpc services.
const (
	// EchoService is the peer's.
	EchoService = "BenchEcho"
	// IOInfoService is what LiveKit SIP asks.
	IOInfoService = "IOInfo"
)

const evaluate = "EvaluateSIPDispatchRules"

// definition says how the method travels: as IOInfo's does, claimed by one of
// those that listen on its queue.
func definition(service, id string) *info.ServiceDefinition {
	d := &info.ServiceDefinition{Name: service, ID: id}
	d.RegisterMethod(evaluate, false, false, true, true)
	return d
}

func openBus(url string) (*redis.Client, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	return redis.NewClient(options), nil
}

// serveBus answers every question with the same acceptance, about as long as a
// true one.
func serveBus(ctx context.Context, o Options) error {
	bus, err := openBus(o.Redis)
	if err != nil {
		return err
	}
	defer func() { _ = bus.Close() }()
	answer := &rpc.EvaluateSIPDispatchRulesResponse{
		Result: rpc.SIPDispatchResult_ACCEPT, RoomName: strings.Repeat("r", 36), SipTrunkId: strings.Repeat("t", 15),
		ParticipantIdentity: strings.Repeat("i", 36), ParticipantName: "+33 6 •• •• •• 12", Token: strings.Repeat("t", 700),
		ParticipantAttributes: map[string]string{
			"is_authenticated": "false", livekit.TrunkAttribute: strings.Repeat("t", 15), livekit.CallAttribute: strings.Repeat("c", 16),
		},
		WsUrl: "ws://127.0.0.1:7880", MaxCallDuration: durationpb.New(8 * time.Hour),
	}
	s := server.NewRPCServer(definition(EchoService, rand.NewServerID()), psrpc.NewRedisMessageBus(bus))
	err = server.RegisterHandler(s, evaluate, nil,
		func(context.Context, *rpc.EvaluateSIPDispatchRulesRequest) (*rpc.EvaluateSIPDispatchRulesResponse, error) {
			return answer, nil
		}, nil)
	if err != nil {
		return err
	}
	<-ctx.Done()
	s.Close(true)
	return nil
}

// BusClient asks EvaluateSIPDispatchRules of a psrpc service of any name,
// exactly as rpc.IOInfoClient asks it of IOInfo.
type BusClient struct {
	redis *redis.Client
	rpc   *client.RPCClient
}

// NewBusClient returns a client of the named service on a Redis.
func NewBusClient(url, service string) (*BusClient, error) {
	bus, err := openBus(url)
	if err != nil {
		return nil, err
	}
	c, err := client.NewRPCClient(definition(service, rand.NewClientID()), psrpc.NewRedisMessageBus(bus))
	if err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	return &BusClient{redis: bus, rpc: c}, nil
}

// Evaluate asks where a call goes.
func (c *BusClient) Evaluate(ctx context.Context, q *rpc.EvaluateSIPDispatchRulesRequest) (*rpc.EvaluateSIPDispatchRulesResponse, error) {
	return client.RequestSingle[*rpc.EvaluateSIPDispatchRulesResponse](ctx, c.rpc, evaluate, nil, q)
}

// Close ends the client.
func (c *BusClient) Close() error {
	c.rpc.Close()
	return c.redis.Close()
}
