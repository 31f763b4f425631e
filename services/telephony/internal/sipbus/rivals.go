package sipbus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// replicasKey is a sorted set: replica id -> second at which it is forgotten.
	replicasKey   = "parley:sip-bus:replicas"
	replicaTTL    = 90 * time.Second
	rivalInterval = 30 * time.Second
	// settleTime is what the subscriptions need after a start.
	settleTime = 2 * time.Second

	// requestChannel is the channel on which psrpc asks the question of all calls.
	requestChannel = serviceName + "|" + methodEvaluate + "|REQ"
)

// Run looks for rivals until ctx ends.
func (b *Bus) Run(ctx context.Context) {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	known := int64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(rivalInterval)
		}
		rivals, err := b.countRivals(ctx)
		switch {
		case err != nil: // readiness tells about Redis
			continue
		case rivals > known:
			b.log.WarnContext(ctx, "somebody else answers SIP calls on the bus and takes part of them: "+
				"give LiveKit SIP and Parley a Redis of their own, not livekit-server's", "rivals", rivals)
		case rivals == 0 && known > 0:
			b.log.InfoContext(ctx, "no rival is left on the SIP bus")
		}
		known = rivals
		b.rivals.Set(float64(rivals))
	}
}

// countRivals compares who is subscribed with the replicas that said so. The
// subscribers are counted first: a replica that starts in between counts as
// known, and one that stops is known for a while yet.
func (b *Bus) countRivals(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, rivalInterval/2)
	defer cancel()
	now := time.Now()
	err := b.redis.ZAdd(ctx, replicasKey, redis.Z{Score: float64(now.Add(replicaTTL).Unix()), Member: b.id}).Err()
	if err != nil {
		return 0, fmt.Errorf("announce replica: %w", err)
	}
	responders, err := b.responders(ctx)
	if err != nil {
		return 0, err
	}
	expired := b.redis.ZRemRangeByScore(ctx, replicasKey, "-inf", strconv.FormatInt(now.Unix(), 10)).Err()
	replicas, err := b.redis.ZCard(ctx, replicasKey).Result()
	return max(0, responders-replicas), errors.Join(expired, err)
}

// responders counts the connections subscribed to the calls, ours included.
func (b *Bus) responders(ctx context.Context) (int64, error) {
	counts, err := b.redis.PubSubNumSub(ctx, requestChannel).Result()
	return counts[requestChannel], err
}

// leave makes the other replicas forget this one at once.
func (b *Bus) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = b.redis.ZRem(ctx, replicasKey, b.id).Err() // it expires anyway
}
