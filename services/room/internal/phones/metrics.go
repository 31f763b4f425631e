package phones

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// outcome is how a caller's wait, or stay, ended.
type outcome string

const (
	admitted     outcome = "admitted"
	admittedMute outcome = "admitted_mute" // LiveKit refuses to unmute
	denied       outcome = "denied"
	expired      outcome = "expired" // nobody decided
	left         outcome = "left"    // hung up, or never came
	alone        outcome = "alone"
)

type metrics struct {
	ended *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{ended: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_room_phones_total",
		Help: "Callers who waited in a lobby, or were alone in a room, by how that ended.",
	}, []string{"outcome"})}
	if err := registry.Register(m.ended); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return m, nil
}

func (m *metrics) count(came outcome) { m.ended.WithLabelValues(string(came)).Inc() }
