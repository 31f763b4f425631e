package throttle

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

func newGuarded(r prometheus.Registerer) (*prometheus.GaugeVec, error) {
	guarded := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "parley_telephony_trunk_guarded",
		Help: "1 while a trunk is guarded.",
	}, []string{"trunk"})
	return guarded, r.Register(guarded)
}

func newRefusals(r prometheus.Registerer) (*prometheus.CounterVec, error) {
	refusals := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_telephony_throttle_tripped_total",
		Help: "Accounts that reached their limit of wrong PINs and are refused from then on.",
	}, []string{"account", "trunk"})
	return refusals, r.Register(refusals)
}

type budgetMetrics struct {
	wrong, over *prometheus.GaugeVec
}

func newBudgetMetrics(r prometheus.Registerer) (*budgetMetrics, error) {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"trunk"})
	}
	m := &budgetMetrics{
		wrong: gauge("parley_telephony_trunk_wrong_pins", "Wrong PINs on a trunk in the last 24 hours."),
		over:  gauge("parley_telephony_trunk_over_budget", "1 while a trunk had more wrong PINs in 24 hours than it can bear."),
	}
	return m, errors.Join(r.Register(m.wrong), r.Register(m.over))
}

// reset forgets trunks, which may be gone.
func (m *budgetMetrics) reset() {
	m.wrong.Reset()
	m.over.Reset()
}

func (m *budgetMetrics) show(trunkID string, wrong int, over bool) {
	m.wrong.WithLabelValues(trunkID).Set(float64(wrong))
	value := 0.0
	if over {
		value = 1
	}
	m.over.WithLabelValues(trunkID).Set(value)
}

func newForced(r prometheus.Registerer) (prometheus.Gauge, error) {
	forced := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_telephony_rooms_crowded",
		Help: "Rooms whose callers have to wait in the lobby because too many have the PIN.",
	})
	return forced, r.Register(forced)
}
