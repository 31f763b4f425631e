package outbox

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	pending    prometheus.Gauge
	deliveries *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "parley_room_pin_pending",
			Help: "Rooms that wait for their PIN.",
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_room_outbox_deliveries_total",
			Help: "Tasks told to telephony, by action and outcome.",
		}, []string{"action", "outcome"}),
	}
	for _, c := range []prometheus.Collector{m.pending, m.deliveries} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) count(action Action, o outcome) {
	if o != skipped {
		m.deliveries.WithLabelValues(string(action), string(o)).Inc()
	}
}
