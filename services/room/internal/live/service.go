package live

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/trouble"
)

// Reader tells LiveKit's events from others. Implemented by livekit.Events; see
// there for errors.
type Reader interface {
	Read(body []byte, authorization string) (livekit.Event, error)
}

// Server is LiveKit, which knows all rooms.
type Server interface {
	Sessions(ctx context.Context) ([]livekit.Session, error)
}

// Lobby lets people wait.
type Lobby interface {
	// Clear removes every entry of the room whose wait began before the instant.
	Clear(ctx context.Context, roomID string, before time.Time) error
}

// Phones attends to callers, by what it hears of rooms. See package phones.
type Phones interface {
	// Happened takes a hint that a participant of a room came, left or published.
	Happened(event livekit.Event)
	// Listed takes all rooms that LiveKit has.
	Listed(ctx context.Context, sessions []livekit.Session)
}

// Meetings tells people in a room what it is like now.
type Meetings interface {
	PushMetadata(ctx context.Context, roomID string) error
}

// Telephony opens doors only of rooms that are live, on trunks that want it so, and
// keeps the records of calls.
type Telephony interface {
	// SetRoomLive tells whether a room is. Of several states of a room, in
	// whatever order they come, the latest counts.
	SetRoomLive(ctx context.Context, state State) error
	// NoteParticipant tells that the participant of a call came to a room or left
	// it. It may be told repeatedly, late and out of order.
	NoteParticipant(ctx context.Context, roomID string, call livekit.Call) error
}

// Parts are what the service is built of. Reader may be nil: then no event is
// believed. Server may be nil: then nothing is asked or pushed.
type Parts struct {
	Store    Store
	Reader   Reader
	Server   Server
	Lobby    Lobby
	Meetings Meetings
	// Owed is signalled when something may be owed to a meeting.
	Owed      <-chan struct{}
	Phones    Phones
	Telephony Telephony
	Clock     clock.Clock
	Logger    *slog.Logger
	Registry  prometheus.Registerer
}

// Service knows which rooms are live. It is safe for concurrent use.
type Service struct {
	Parts
	every                              time.Duration
	wake                               chan struct{} // of capacity 1: a wake-up is kept, not counted
	metrics                            *metrics
	listing, reading, pushing, telling trouble.Log
}

// New returns a service that asks LiveKit for its rooms so often.
func New(every time.Duration, parts Parts) (*Service, error) {
	m, err := newMetrics(parts.Registry)
	if err != nil {
		return nil, err
	}
	return &Service{
		Parts: parts, every: every, metrics: m, wake: make(chan struct{}, 1),
		listing: trouble.Log{Logger: parts.Logger, What: "LiveKit does not list its rooms; what is known of them stays"},
		reading: trouble.Log{Logger: parts.Logger, What: "what is owed to LiveKit and telephony cannot be read from the database"},
		pushing: trouble.Log{Logger: parts.Logger, What: "meetings are not told of changes of their rooms yet"},
		telling: trouble.Log{Logger: parts.Logger, What: "telephony is not told which rooms are live yet"},
	}, nil
}

// Run keeps what is known true and pays debts, until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error {
		repeat(ctx, payEvery, s.wake, s.tell)
		return nil
	})
	if s.Server == nil {
		return group.Wait()
	}
	group.Go(func() error {
		repeat(ctx, s.every, nil, s.listen)
		return nil
	})
	group.Go(func() error {
		repeat(ctx, payEvery, s.Owed, s.payMetadata)
		return nil
	})
	return group.Wait()
}

// repeat does something at once, then every so often and when woken, until ctx ends.
func repeat(ctx context.Context, every time.Duration, wake <-chan struct{}, do func(context.Context)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
	}
}

// now returns the present time as stores keep it.
func (s *Service) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Microsecond) }
