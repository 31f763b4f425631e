// Package trouble logs that something fails and that it works again, once each.
package trouble

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// Log is what is logged about one thing. It is safe for concurrent use.
type Log struct {
	// Logger gets the lines.
	Logger *slog.Logger
	// What is the line while it fails.
	What string
	down atomic.Bool
}

// Note takes the outcome of one attempt. A failure of a caller that gave up says
// nothing about the thing.
func (l *Log) Note(ctx context.Context, err error) {
	switch {
	case err != nil && ctx.Err() == nil && !l.down.Swap(true):
		l.Logger.WarnContext(ctx, l.What, "error", err)
	case err == nil && l.down.Swap(false):
		l.Logger.InfoContext(ctx, "no longer: "+l.What)
	}
}
