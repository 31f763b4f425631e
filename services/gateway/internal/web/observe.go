package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/obs"
)

// notes are what the handlers of one request leave for those around them.
type notes struct {
	// route is the request's row in the table, or another fixed name.
	route string
	// quiet keeps a good answer out of the log, but for debugging.
	quiet bool
	// body is the decoded request body, for errors that quote it.
	body map[string]any
}

type notesKey struct{}

// notesOf returns the notes of a request; outside of one, notes that nobody reads.
func notesOf(ctx context.Context) *notes {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		return n
	}
	return &notes{}
}

const requestIDHeader = "X-Request-Id"

// requestIDs are the ids that are taken from clients as they are.
var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// observer is the outermost handler.
type observer struct {
	next     http.Handler
	failures failures
	log      *slog.Logger
	clock    clock.Clock
	took     *prometheus.HistogramVec
}

func newObserver(next http.Handler, f failures, o Options) (*observer, error) {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "parley_http_request_duration_seconds",
		Help:    "Time to answer HTTP requests, by route and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"route", "code"})
	if err := o.Registry.Register(took); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return &observer{next: next, failures: f, log: o.Logger, clock: o.Clock, took: took}, nil
}

// ServeHTTP implements http.Handler.
func (o *observer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := o.clock.Now()
	id := r.Header.Get(requestIDHeader)
	if !requestIDs.MatchString(id) {
		id = uuid.NewString()
	}
	n := &notes{route: "none"}
	ctx := context.WithValue(obs.WithRequestID(r.Context(), id), notesKey{}, n)
	r = r.WithContext(ctx)
	w.Header().Set(requestIDHeader, id)
	recorded := &recorder{ResponseWriter: w}
	defer func() {
		if value := recover(); value != nil {
			if value == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is compared
				panic(value)
			}
			o.log.ErrorContext(ctx, "panic in a handler", "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			if recorded.status == 0 {
				o.failures.write(recorded, r, fmt.Errorf("panic: %v", value))
			}
		}
		o.record(ctx, n, recorded, o.clock.Now().Sub(started))
	}()
	o.next.ServeHTTP(recorded, r)
}

// record writes the access log and the metric. Paths and queries stay out:
// they hold codes, e-mails and phone numbers; the route says enough.
func (o *observer) record(ctx context.Context, n *notes, w *recorder, took time.Duration) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	o.took.WithLabelValues(n.route, strconv.Itoa(status)).Observe(took.Seconds())
	level := slog.LevelInfo
	if n.quiet && status < http.StatusBadRequest {
		level = slog.LevelDebug
	}
	o.log.LogAttrs(ctx, level, "request", slog.String("route", n.route), slog.Int("status", status),
		slog.Int64("bytes", w.bytes), slog.Duration("took", took))
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
