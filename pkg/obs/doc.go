// Package obs is what a process shows of itself: logs, metrics, traces, and
// the admin address that serves health, readiness, metrics and profiles.
//
// Invariants:
//
//   - No PIN, token, password or whole phone number leaves through a log line.
//     [NewLogger] redacts by attribute key first, and then masks phone numbers
//     and URL passwords in whatever text is left. Callers still choose what
//     they log; the logger is the net, not the plan.
//   - Nothing is registered globally: not the logger, not the metrics registry,
//     not the tracer provider. Each is built once in main and handed down.
//   - Observing never disturbs serving. A trace collector that is down costs a
//     log line; a readiness check that hangs costs its own row in the report.
//
// Files:
//
//	log.go        NewLogger, the slog handler, the request id in a context
//	redact.go     which keys are secret, and MaskText
//	metrics.go    NewRegistry
//	trace.go      StartTracing, Propagator
//	readiness.go  Readiness: named checks polled in the background
//	admin.go      AdminServer: /healthz, /readyz, /metrics, /debug/pprof/
//	version.go    Version
//
// A process wires the readiness and the admin address into a run.Group as its
// last and first components: the admin address then answers from the first
// moment to the last, and readiness goes off before any server stops.
//
//	group.Add(run.HTTPServer("admin", obs.AdminServer(reg, ready, log), addr))
//	// databases, servers, workers
//	group.Add(run.Component{Name: "readiness", Run: ready.Run, Stop: ready.Stop})
package obs
