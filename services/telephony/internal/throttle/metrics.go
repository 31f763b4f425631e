package throttle

import "github.com/prometheus/client_golang/prometheus"

func newGuarded(r prometheus.Registerer) (*prometheus.GaugeVec, error) {
	guarded := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "parley_telephony_trunk_guarded",
		Help: "1 while a trunk is guarded because its PINs are being guessed.",
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
