package sipbus

import (
	"context"
	"time"

	"github.com/livekit/psrpc/pkg/info"
)

// absentTimeout bounds asking Redis who is there.
const absentTimeout = 10 * time.Second

// Absent returns those of the bridges that wait for no answers on the bus. Their
// connections end with them, so Redis knows. It is not known while we ourselves
// are not there: after a restart of Redis everybody subscribes anew.
func (b *Bus) Absent(ctx context.Context, bridges []string) (absent []string, known bool) {
	ctx, cancel := context.WithTimeout(ctx, absentTimeout)
	defer cancel()
	if b.Ready(ctx) != nil {
		return nil, false
	}
	var channels []string
	for _, bridge := range bridges {
		for _, service := range []string{serviceName, sipServiceName} {
			channels = append(channels, info.GetResponseChannel(service, bridge).Legacy)
		}
	}
	counts, err := b.redis.PubSubNumSub(ctx, channels...).Result()
	if err != nil {
		return nil, false
	}
	for i, bridge := range bridges {
		if counts[channels[2*i]]+counts[channels[2*i+1]] == 0 {
			absent = append(absent, bridge)
		}
	}
	return absent, true
}
