package throttle

import "github.com/prometheus/client_golang/prometheus"

func newRefusals(r prometheus.Registerer) (*prometheus.CounterVec, error) {
	refusals := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_telephony_throttle_tripped_total",
		Help: "Accounts that reached their limit of wrong PINs and are refused from then on.",
	}, []string{"account", "trunk"})
	return refusals, r.Register(refusals)
}
