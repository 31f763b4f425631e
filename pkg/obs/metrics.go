package obs

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewRegistry returns a registry with the metrics every process has: those of
// the Go runtime, those of the operating-system process, and
// parley_build_info{version,service}, always 1. Packages register their own on
// it, as a [prometheus.Registerer] handed to them.
func NewRegistry(service string) *prometheus.Registry {
	buildInfo := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_build_info",
		Help: "Always 1; the labels say which binary is running.",
		ConstLabels: prometheus.Labels{
			"version": Version(),
			"service": service,
		},
	})
	buildInfo.Set(1)

	registry := prometheus.NewRegistry()
	registry.MustRegister(
		buildInfo,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}
