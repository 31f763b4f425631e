package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	// fewPINs is the small end of the comparison by number of PINs.
	fewPINs = 10
	// subscribeTime bounds how long a new client's subscriptions may take.
	subscribeTime = 10 * time.Second
)

// dispatch measures the answer to LiveKit SIP's question where a call goes.
func dispatch(ctx context.Context, b *bench) error {
	many, err := populate(ctx, b)
	if err != nil {
		return err
	}
	few, err := many.second(ctx, b, many.rooms[:fewPINs])
	if err != nil {
		return err
	}
	one, err := alone(ctx, b)
	if err != nil {
		return err
	}
	if err := b.Peer(ctx, peer.Bus, "", "-peer-redis", many.Redis); err != nil {
		return err
	}
	echo, err := openBus(ctx, many.Redis, peer.EchoService)
	if err != nil {
		return err
	}
	defer func() { _ = echo.Close() }()
	manyBus, err := openBus(ctx, many.Redis, peer.IOInfoService)
	if err != nil {
		return err
	}
	defer func() { _ = manyBus.Close() }()
	fewBus, err := openBus(ctx, few.Redis, peer.IOInfoService)
	if err != nil {
		return err
	}
	defer func() { _ = fewBus.Close() }()

	oneBus, err := openBus(ctx, one.Redis, peer.IOInfoService)
	if err != nil {
		return err
	}
	defer func() { _ = oneBus.Close() }()

	plan := b.plan(1)
	plan.Requests = sliceCalls
	results, err := measure.Run(ctx, plan,
		measure.Series{Name: "psrpc echo (peer)", Do: func(ctx context.Context, _ int) error {
			_, err := echo.Evaluate(ctx, many.question(many.rooms[0].PIN))
			return err
		}},
		many.askForPIN("dispatch without PIN", manyBus),
		few.enter(fmt.Sprintf("dispatch with PIN, of %d", fewPINs), fewBus),
		many.enter(fmt.Sprintf("dispatch with PIN, of %d", b.pins), manyBus),
		one.enter(fmt.Sprintf("one process, with PIN, of %d", b.pins), oneBus),
	)
	if err != nil {
		return err
	}
	reportDispatch(b, results)
	return nil
}

func reportDispatch(b *bench, results []*measure.Result) {
	b.Linef("1. Dispatch over the SIP bus: %d live PINs, PostgreSQL, Redis, five processes but for the last row, 1 client", b.pins)
	b.Latencies(results...)
	echo, few, many, one := results[0], results[2], results[3], results[4]
	times, alone, flat := many.Times(echo), one.Times(echo), many.Times(few)
	b.Goal("with PIN, p50 at most 2x the echo (with 1000000 PINs)", report.Times(times), times <= 2)
	b.Goal("the same in one process", report.Times(alone), alone <= 2)
	b.Goal(fmt.Sprintf("p50 with %d PINs within 20%% of that with %d", b.pins, fewPINs), report.Times(flat),
		flat <= tolerance)
}

// openBus returns a client of a psrpc service that answers it.
func openBus(ctx context.Context, redis, service string) (*peer.BusClient, error) {
	client, err := peer.NewBusClient(redis, service)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(subscribeTime); ; {
		_, err := client.Evaluate(ctx, &rpc.EvaluateSIPDispatchRulesRequest{Call: &rpc.SIPCall{}})
		if err == nil {
			return client, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			_ = client.Close()
			return nil, fmt.Errorf("%s on the bus: %w", service, err)
		}
	}
}

// question is what LiveKit SIP asks about a new call, or, with a PIN, what it
// asks when the caller has typed it.
func (t *telephony) question(pin string) *rpc.EvaluateSIPDispatchRulesRequest {
	return &rpc.EvaluateSIPDispatchRulesRequest{
		SipTrunkId: t.trunk, Pin: pin,
		Call: &rpc.SIPCall{
			LkCallId: "SCL_" + uuid.NewString(), SourceIp: "127.0.0.1",
			Address: &livekit.SIPUri{User: number, Host: "sip.example.org"},
			From:    &livekit.SIPUri{User: "+33611223344", Host: "127.0.0.1"},
			To:      &livekit.SIPUri{User: number, Host: "sip.example.org"},
		},
	}
}

// askForPIN is the series of questions without PIN.
func (t *telephony) askForPIN(name string, bus *peer.BusClient) measure.Series {
	return t.asking(name, bus, func() (string, rpc.SIPDispatchResult, string) {
		return "", rpc.SIPDispatchResult_REQUEST_PIN, ""
	})
}

// enter is the series of questions with the PINs of rooms, in turn.
func (t *telephony) enter(name string, bus *peer.BusClient) measure.Series {
	return t.asking(name, bus, func() (string, rpc.SIPDispatchResult, string) {
		room := t.next()
		return room.PIN, rpc.SIPDispatchResult_ACCEPT, room.ID
	})
}

func (t *telephony) asking(name string, bus *peer.BusClient, next func() (pin string, want rpc.SIPDispatchResult, room string)) measure.Series {
	return measure.Series{Name: name, Settle: t.settle, Do: func(ctx context.Context, _ int) error {
		pin, want, room := next()
		t.calls.Add(1)
		answer, err := bus.Evaluate(ctx, t.question(pin))
		if err != nil {
			return err
		}
		if answer.GetResult() != want || answer.GetRoomName() != room || (room != "") != (answer.GetToken() != "") {
			return fmt.Errorf("answered %v, room %q; want %v, room %q", answer.GetResult(), answer.GetRoomName(), want, room)
		}
		return nil
	}}
}
