package pins

import "github.com/prometheus/client_golang/prometheus"

// Metrics are what operators watch about PINs.
type Metrics struct {
	draws, collisions, gapSearches, exhausted prometheus.Counter
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_telephony_" + name, Help: help})
	}
	m := &Metrics{
		draws:       counter("pin_draws_total", "Random draws of PINs."),
		collisions:  counter("pin_collisions_total", "Drawn PINs that turned out to be taken."),
		gapSearches: counter("pin_gap_searches_total", "Searches for a free PIN after all draws collided."),
		exhausted:   counter("pins_exhausted_total", "Allocations that failed because no trunk had a PIN left."),
	}
	for _, c := range []prometheus.Collector{m.draws, m.collisions, m.gapSearches, m.exhausted} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// fillCollector shows the board, so that a trunk that is gone leaves no series behind.
type fillCollector struct {
	board       *board
	ratio, held *prometheus.Desc
}

// FillCollector returns the metrics of how full trunks are, as last read.
func (a *Allocator) FillCollector() prometheus.Collector {
	labels := []string{"trunk"}
	return &fillCollector{
		board: a.board,
		ratio: prometheus.NewDesc("parley_telephony_trunk_fill_ratio",
			"Share of a trunk's PINs of the present length that are held, 0 to 1.", labels, nil),
		held: prometheus.NewDesc("parley_telephony_trunk_pins",
			"PINs of a trunk's present length, in any state.", labels, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *fillCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.ratio
	ch <- c.held
}

// Collect implements prometheus.Collector.
func (c *fillCollector) Collect(ch chan<- prometheus.Metric) {
	for _, f := range c.board.snapshot() {
		ch <- prometheus.MustNewConstMetric(c.ratio, prometheus.GaugeValue, f.Ratio(), f.TrunkID)
		ch <- prometheus.MustNewConstMetric(c.held, prometheus.GaugeValue, float64(f.Held), f.TrunkID)
	}
}
