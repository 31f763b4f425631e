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
	density, daily, wrong, over *prometheus.GaugeVec
}

func newBudgetMetrics(r prometheus.Registerer) (*budgetMetrics, error) {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "parley_telephony_trunk_" + name, Help: help}, []string{"trunk"})
	}
	m := &budgetMetrics{
		density: gauge("density", "Chance, 0 to 1, that one random guess is a PIN of a trunk that is accepted now."),
		daily:   gauge("daily_budget", "Wrong PINs in 24 hours that a trunk can bear at that density; without a series: any number."),
		wrong:   gauge("wrong_pins", "Wrong PINs on a trunk in the last 24 hours."),
		over:    gauge("over_budget", "1 while a trunk had more wrong PINs in 24 hours than it can bear."),
	}
	return m, errors.Join(r.Register(m.density), r.Register(m.daily), r.Register(m.wrong), r.Register(m.over))
}

// reset forgets trunks, which may be gone.
func (m *budgetMetrics) reset() {
	for _, gauge := range []*prometheus.GaugeVec{m.density, m.daily, m.wrong, m.over} {
		gauge.Reset()
	}
}

func (m *budgetMetrics) show(trunkID string, s Sheet, over bool) {
	m.density.WithLabelValues(trunkID).Set(s.Density)
	if s.Daily > 0 {
		m.daily.WithLabelValues(trunkID).Set(s.Daily)
	}
	m.wrong.WithLabelValues(trunkID).Set(float64(s.Wrong))
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
