// Package bus is the embedded SIP bus: a Redis-protocol server in this process
// that carries psrpc between LiveKit SIP and telephony, for one machine. A
// production bus is a Redis server named by SIP_REDIS_URL.
package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/parleymeet/parley/pkg/run"
)

// tick is how often the server's clock is moved on. miniredis does not let keys
// expire by itself, and psrpc relies on it: its locks live some seconds.
const tick = 100 * time.Millisecond

// Component serves the bus on addr ("host:port", the value of SIP_BUS_ADDR).
func Component(addr string) run.Component {
	server := miniredis.NewMiniRedis()
	return run.Component{
		Name: "SIP bus",
		Start: func(context.Context) error {
			if err := server.StartAddr(addr); err != nil {
				return fmt.Errorf("cannot listen on %q, the value of SIP_BUS_ADDR: %w", addr, err)
			}
			return nil
		},
		Run: func(ctx context.Context) error {
			ticker := time.NewTicker(tick)
			defer ticker.Stop()
			last := time.Now()
			for {
				select {
				case <-ctx.Done():
					return nil
				case now := <-ticker.C:
					server.FastForward(now.Sub(last))
					last = now
				}
			}
		},
		Stop: func(context.Context) error {
			server.Close()
			return nil
		},
	}
}
