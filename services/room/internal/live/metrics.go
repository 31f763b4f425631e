package live

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// outcome is what came of an event.
type outcome string

const (
	applied   outcome = "applied"
	unchanged outcome = "unchanged" // repeated, late, or of no room of ours
	ignored   outcome = "ignored"   // nobody acts on it
	failed    outcome = "failed"    // LiveKit repeats it
	refused   outcome = "refused"   // not LiveKit's
)

type metrics struct {
	events *prometheus.CounterVec
	mended prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_room_livekit_events_total",
			Help: "Webhook requests of LiveKit, by event and what came of them.",
		}, []string{"event", "outcome"}),
		mended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_room_live_mended_total",
			Help: "Rooms of which it was found only by asking LiveKit that they had begun or ended.",
		}),
	}
	for _, c := range []prometheus.Collector{m.events, m.mended} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

// count counts an event. Names that LiveKit may invent later are "other".
func (m *metrics) count(event livekit.Event, came outcome) {
	name := "other"
	switch event.Name {
	case livekit.RoomStarted, livekit.RoomFinished, livekit.ParticipantJoined, livekit.ParticipantLeft, livekit.TrackPublished:
		name = event.Name
	}
	m.events.WithLabelValues(name, string(came)).Inc()
}
