package obs

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const adminIndex = `Parley admin address

/healthz       the process lives
/readyz        the process can do its work
/metrics       Prometheus metrics
/debug/pprof/  Go profiles
`

// AdminServer returns the HTTP server for ADMIN_ADDR:
//
//   - /healthz: 200 "ok" as long as the process can answer at all;
//   - /readyz: a [Report] as JSON, 200 when ready and 503 when not;
//   - /metrics: what metrics gathers;
//   - /debug/pprof/: the Go profiles.
//
// It asks for no credentials, so it belongs on loopback or a private network.
func AdminServer(metrics prometheus.Gatherer, ready *Readiness, log *slog.Logger) *http.Server {
	errorLog := slog.NewLogLogger(orDiscard(log).Handler(), slog.LevelWarn)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", text(adminIndex))
	mux.HandleFunc("GET /healthz", text("ok\n"))
	mux.HandleFunc("GET /readyz", serveReadiness(ready))
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{ErrorLog: errorLog}))
	// Any method: the pprof tool posts to symbol.
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return &http.Server{
		Handler:           mux,
		ErrorLog:          errorLog,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		// No ReadTimeout nor WriteTimeout: either would cut off a CPU profile,
		// which takes as long as it was asked to.
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, body) // a probe that hung up is not news
	}
}

func serveReadiness(ready *Readiness) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		report := ready.Report()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !report.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report) // as above
	}
}
