package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

// resolve measures ResolvePin, by which other SIP bridges than LiveKit's ask.
func resolve(ctx context.Context, b *bench) error {
	t, err := populate(ctx, b)
	if err != nil {
		return err
	}
	address, err := lab.FreeAddress(ctx)
	if err != nil {
		return err
	}
	if err := b.Peer(ctx, peer.Resolver, address, "-peer-database", t.Database, "-peer-certs", t.Certs); err != nil {
		return err
	}
	bare, err := t.DialAddress(identity.CallerOperator, identity.CallerTelephony, address)
	if err != nil {
		return err
	}
	conn, err := t.Dial(identity.CallerOperator, identity.CallerTelephony)
	if err != nil {
		return err
	}
	plan := b.plan(1)
	plan.Requests = sliceCalls
	resolvePin := t.resolving("ResolvePin", conn, &t.calls)
	resolvePin.Settle = t.settle
	var unrecorded atomic.Int64 // the peer keeps no records of calls
	results, err := measure.Run(ctx, plan, t.resolving("gRPC echo and one SELECT (peer)", bare, &unrecorded), resolvePin)
	if err != nil {
		return err
	}
	b.Linef("2. ResolvePin over gRPC: %d live PINs, five processes, mutual TLS, PostgreSQL, 1 client", b.pins)
	b.Latencies(results...)
	times := results[1].Times(results[0])
	b.Goal("p50 at most 2x the peer", report.Times(times), times <= 2)
	return nil
}

// resolving is the series of questions to a server, with the PINs of rooms in
// turn; calls counts them.
func (t *telephony) resolving(name string, conn grpc.ClientConnInterface, calls *atomic.Int64) measure.Series {
	client := telephonyv1.NewDispatchServiceClient(conn)
	return measure.Series{Name: name, Do: func(ctx context.Context, _ int) error {
		room := t.next()
		calls.Add(1)
		answer, err := client.ResolvePin(ctx, &telephonyv1.ResolvePinRequest{
			TrunkId: t.trunk, Pin: room.PIN, Caller: "+33611223344", SourceIp: "127.0.0.1", CallId: "bench-" + uuid.NewString(),
		})
		if err != nil {
			return err
		}
		if answer.GetResult() != telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT || answer.GetRoomId() != room.ID {
			return fmt.Errorf("answered %v, room %q; want room %q", answer.GetResult(), answer.GetRoomId(), room.ID)
		}
		return nil
	}}
}
