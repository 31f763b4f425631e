package rules

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// What may fail.
const (
	making   = "create"
	deleting = "delete"
	listing  = "list"
	asking   = "admission"
)

// metrics are what operators watch about rules.
type metrics struct {
	wanted, present prometheus.Gauge
	failures        *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_telephony_" + name, Help: help})
	}
	m := &metrics{
		wanted:  gauge("livekit_rules_wanted", "Dispatch rules that LiveKit should have."),
		present: gauge("livekit_rules_present", "Dispatch rules that LiveKit was given."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_telephony_livekit_rule_failures_total",
			Help: "Failures to create, delete or list dispatch rules in LiveKit, or to ask a room for its admission.",
		}, []string{"doing"}),
	}
	for _, doing := range []string{making, deleting, listing, asking} {
		m.failures.WithLabelValues(doing)
	}
	for _, c := range []prometheus.Collector{m.wanted, m.present, m.failures} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("rule metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) failed(doing string) { m.failures.WithLabelValues(doing).Inc() }

// measure counts what is wanted and what was made.
func (m *metrics) measure(wanted, claimed []Rule) {
	present := 0
	for _, r := range claimed {
		if r.ID != "" {
			present++
		}
	}
	m.wanted.Set(float64(len(wanted)))
	m.present.Set(float64(present))
}
