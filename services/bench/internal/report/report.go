package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parleymeet/parley/services/bench/internal/measure"
)

// Report writes figures to Out. The first error is kept for Err.
type Report struct {
	Out io.Writer
	err error
}

// Err returns the first error of writing.
func (r *Report) Err() error { return r.err }

// Linef writes one line.
func (r *Report) Linef(format string, args ...any) {
	if _, err := fmt.Fprintf(r.Out, format+"\n", args...); err != nil && r.err == nil {
		r.err = err
	}
}

// Goal writes what is aimed at, what is so now, and whether that meets it.
func (r *Report) Goal(text, now string, holds bool) {
	verdict := "MISSED"
	if holds {
		verdict = "holds"
	}
	r.Linef("  goal: %s; now %s: %s", text, now, verdict)
}

// Table writes rows under a header. The first column is a name and stands left.
func (r *Report) Table(header []string, rows ...[]string) {
	all := append([][]string{header}, rows...)
	widths := make([]int, len(header))
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString("  " + cell + space)
			} else {
				line.WriteString("  " + space + cell)
			}
		}
		r.Linef("%s", strings.TrimRight(line.String(), " "))
	}
}

// Latencies writes a table of results, each against the first, which is the bare peer.
func (r *Report) Latencies(results ...*measure.Result) {
	peer := results[0]
	rows := make([][]string, len(results))
	for i, result := range results {
		rows[i] = []string{
			result.Name, fmt.Sprint(result.Count()), Time(result.P50()), Time(result.P99()), Times(result.Times(peer)),
		}
	}
	r.Table([]string{"", "requests", "p50", "p99", "p50 to peer"}, rows...)
}

// Rates writes a table of results, each against the first, which is the bare peer.
func (r *Report) Rates(results ...*measure.Result) {
	peer := results[0]
	rows := make([][]string, len(results))
	for i, result := range results {
		rows[i] = []string{
			result.Name, fmt.Sprint(result.Count()), fmt.Sprintf("%.0f", result.Rate()),
			Time(result.P50()), Time(result.P99()), Times(result.RateOf(peer)),
		}
	}
	r.Table([]string{"", "requests", "a second", "p50", "p99", "rate to peer"}, rows...)
}

// Time writes a duration in milliseconds.
func Time(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// Times writes a ratio.
func Times(ratio float64) string { return fmt.Sprintf("%.2fx", ratio) }

// Count writes a number.
func Count(n int) string { return strconv.Itoa(n) }

// MiB writes a number of bytes.
func MiB(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
