package calls

import (
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Why events are lost.
const (
	lostFull     = "full"     // the queue was
	lostRefused  = "refused"  // by the database, which takes others
	lostShutdown = "shutdown" // while the database was away
)

// metrics are what operators watch about call records.
type metrics struct {
	lost *prometheus.CounterVec
	live *liveCollector
}

func newMetrics(r prometheus.Registerer, queued func() int) (*metrics, error) {
	m := &metrics{
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_telephony_call_queue_dropped_total",
			Help: "Events of calls that were not written: the queue to the database was full, the database refused them, or the service stopped while it was away.",
		}, []string{"reason"}),
		live: &liveCollector{desc: prometheus.NewDesc("parley_telephony_live_calls",
			"Calls of all replicas that have not ended, by trunk: in the prompt, or in a room.", []string{"trunk", "stage"}, nil)},
	}
	for _, reason := range []string{lostFull, lostRefused, lostShutdown} {
		m.lost.WithLabelValues(reason)
	}
	return m, errors.Join(r.Register(m.lost), r.Register(m.live), r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "parley_telephony_call_queue_length",
		Help: "Events of calls that wait to be written to the database; 4096 are the most.",
	}, func() float64 { return float64(queued()) })))
}

// liveCollector shows the calls that were counted last.
type liveCollector struct {
	desc *prometheus.Desc
	mu   sync.Mutex
	load map[string]Load
}

func (c *liveCollector) set(load map[string]Load) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.load = load
}

// Describe implements prometheus.Collector.
func (c *liveCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *liveCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for trunkID, l := range c.load {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(l.Pending), trunkID, "prompt")
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(l.Calls-l.Pending), trunkID, "room")
	}
}
