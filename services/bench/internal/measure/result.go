package measure

import (
	"math"
	"slices"
	"time"
)

// Result is what was measured of one series.
type Result struct {
	Name      string
	latencies []time.Duration // sorted by Run
	rates     []float64       // of each slice, sorted by Run
}

func (r *Result) add(s slice) {
	r.latencies = append(r.latencies, s.latencies...)
	r.rates = append(r.rates, float64(len(s.latencies))/s.elapsed.Seconds())
}

func (r *Result) sort() {
	slices.Sort(r.latencies)
	slices.Sort(r.rates)
}

// Count returns how many requests were measured.
func (r *Result) Count() int { return len(r.latencies) }

// Quantile returns the latency that the part q, 0 to 1, of the requests did not
// exceed; 0 when there was none.
func (r *Result) Quantile(q float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	rank := int(math.Ceil(q*float64(len(r.latencies)))) - 1
	return r.latencies[min(max(rank, 0), len(r.latencies)-1)]
}

// P50 returns the median latency.
func (r *Result) P50() time.Duration { return r.Quantile(0.50) }

// P99 returns the latency that one request of a hundred exceeded.
func (r *Result) P99() time.Duration { return r.Quantile(0.99) }

// Rate returns requests a second of all clients together: the median of the
// slices, so that a slice in which the machine was busy elsewhere counts little.
func (r *Result) Rate() float64 {
	if len(r.rates) == 0 {
		return 0
	}
	return r.rates[len(r.rates)/2]
}

// Times returns how many times as long as the peer's the median latency is.
func (r *Result) Times(peer *Result) float64 {
	return ratio(float64(r.P50()), float64(peer.P50()))
}

// RateOf returns which part of the peer's rate this rate is.
func (r *Result) RateOf(peer *Result) float64 { return ratio(r.Rate(), peer.Rate()) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}
