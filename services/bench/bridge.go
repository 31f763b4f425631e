package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/redis/go-redis/v9"
)

// bridge makes calls on the bus as LiveKit SIP does, with its own client. Safe
// for concurrent use.
type bridge struct {
	rpc.IOInfoClient
	redis *redis.Client
}

// openBridge returns a bridge that is answered.
func openBridge(ctx context.Context, url string) (*bridge, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	bus := redis.NewClient(options)
	client, err := rpc.NewIOInfoClient(psrpc.NewRedisMessageBus(bus))
	if err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	b := &bridge{IOInfoClient: client, redis: bus}
	for deadline := time.Now().Add(subscribeTime); ; {
		_, err := b.EvaluateSIPDispatchRules(ctx, &rpc.EvaluateSIPDispatchRulesRequest{}, psrpc.WithRequestTimeout(time.Second))
		if err == nil {
			return b, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			b.close()
			return nil, fmt.Errorf("nobody answers on the bus: %w", err)
		}
	}
}

func (b *bridge) close() {
	b.Close()
	_ = b.redis.Close()
}

// outcome is how a call ended.
type outcome int

const (
	notRung outcome = iota // refused before it rang
	refused                // refused after a PIN was typed
	accepted
)

// phoneCall is one call, from its number to another.
type phoneCall struct{ id, from, to, pin string }

func (c phoneCall) message() *rpc.SIPCall {
	return &rpc.SIPCall{
		LkCallId: c.id, SourceIp: "127.0.0.1",
		Address: &livekit.SIPUri{User: c.to, Host: "sip.example.org"},
		From:    &livekit.SIPUri{User: c.from, Host: "127.0.0.1"},
		To:      &livekit.SIPUri{User: c.to, Host: "sip.example.org"},
	}
}

// call goes the whole way: authentication, prompt, PIN.
func (b *bridge) call(ctx context.Context, c phoneCall) (outcome, error) {
	message := c.message()
	auth, err := b.GetSIPTrunkAuthentication(ctx, &rpc.GetSIPTrunkAuthenticationRequest{Call: message})
	switch {
	case err != nil:
		return 0, fmt.Errorf("authentication: %w", err)
	case auth.GetErrorCode() == rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_QUOTA_EXCEEDED:
		return notRung, nil
	case auth.GetErrorCode() != rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NONE || auth.GetDrop():
		return 0, fmt.Errorf("authentication: %v", auth)
	}
	question := &rpc.EvaluateSIPDispatchRulesRequest{SipTrunkId: auth.GetSipTrunkId(), Call: message}
	for _, pin := range []string{"", c.pin} {
		question.Pin = pin
		answer, err := b.EvaluateSIPDispatchRules(ctx, question)
		switch {
		case err != nil:
			return 0, fmt.Errorf("dispatch: %w", err)
		case answer.GetResult() == rpc.SIPDispatchResult_ACCEPT:
			return accepted, nil
		case answer.GetResult() == rpc.SIPDispatchResult_REJECT:
			return refused, nil
		}
	}
	return 0, errors.New("the answer to a PIN is neither ACCEPT nor REJECT")
}
