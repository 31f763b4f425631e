package dispatch

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	total    *prometheus.CounterVec
	duration prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_telephony_dispatch_total",
			Help: "Answers to SIP bridges, of which a call has one at each stage: authenticate, prompt, pin. " +
				"reason is empty unless the outcome is reject; trunk is empty when none was found.",
		}, []string{"stage", "outcome", "reason", "trunk"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "parley_telephony_dispatch_duration_seconds",
			Help:    "Time to answer a SIP bridge.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2.5},
		}),
	}
	return m, errors.Join(r.Register(m.total), r.Register(m.duration))
}

func (m *metrics) observe(d Decision, took time.Duration) {
	m.total.WithLabelValues(string(d.stage), string(d.Result), string(d.Reason), d.TrunkID).Inc()
	m.duration.Observe(took.Seconds())
}
