package obs

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Bounds on what a collector that does not answer may cost.
const (
	exportTimeout = 10 * time.Second // one batch, with its retries, in the background
	flushTimeout  = 2 * time.Second  // the last batch, at shutdown
)

// TraceConfig says where spans go.
type TraceConfig struct {
	// Endpoint is the OTLP gRPC collector as a URL, http:// in clear or
	// https:// (OTEL_EXPORTER_OTLP_ENDPOINT). Empty turns tracing off.
	Endpoint string
	// Service is the service.name of every span.
	Service string
	// Ratio is the share of traces begun here that are recorded, 0 to 1. A
	// trace begun elsewhere is recorded when its parent is.
	Ratio float64
	// Logger is told when the collector goes away and comes back. Nil: nobody.
	Logger *slog.Logger
}

// StartTracing returns a tracer provider that exports in the background, and
// the function that flushes and ends it, for at most two seconds. Without an
// endpoint the provider records nothing; it still passes on the trace of a
// caller. Neither the provider nor shutdown fails because of the collector:
// spans that cannot be delivered are dropped, and err is only ever about the
// configuration.
func StartTracing(ctx context.Context, cfg TraceConfig) (
	shutdown func(context.Context) error, tp trace.TracerProvider, err error,
) {
	if cfg.Endpoint == "" {
		return func(context.Context) error { return nil }, noop.NewTracerProvider(), nil
	}
	if u, err := url.Parse(cfg.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, nil, fmt.Errorf("trace endpoint %q is not an http:// or https:// URL", MaskText(cfg.Endpoint))
	}
	otlp, err := otlptracegrpc.New(ctx,
		otlptracegrpc.WithEndpointURL(cfg.Endpoint),
		otlptracegrpc.WithTimeout(exportTimeout),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("trace exporter: %w", err)
	}
	// Attributes of the environment (OTEL_RESOURCE_ATTRIBUTES) stay, these win.
	res, err := resource.Merge(resource.Default(), resource.NewSchemaless(
		attribute.String("service.name", cfg.Service),
		attribute.String("service.version", Version()),
	))
	if err != nil {
		return nil, nil, fmt.Errorf("trace resource: %w", err)
	}
	exporter := &quietExporter{SpanExporter: otlp, log: orDiscard(cfg.Logger)}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithExportTimeout(exportTimeout)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.Ratio))),
		sdktrace.WithResource(res),
	)
	return exporter.shutdownOf(provider), provider, nil
}

// Propagator is how a trace crosses from one service to the next: the W3C
// traceparent and tracestate headers. Baggage is left out, since a stranger
// could fill it.
func Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }

// quietExporter turns failures of the collector into one log line when they
// begin and one when they end. The SDK would print every one of them to
// stderr, past the logger, through its global error handler.
type quietExporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	down atomic.Bool
}

// ExportSpans never fails.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch wasDown := e.down.Swap(err != nil); {
	case err != nil && !wasDown:
		e.log.WarnContext(ctx, "trace collector unavailable, dropping spans", "error", err)
	case err == nil && wasDown:
		e.log.InfoContext(ctx, "trace collector available again")
	}
	return nil
}

func (e *quietExporter) shutdownOf(provider *sdktrace.TracerProvider) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, flushTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			e.log.WarnContext(ctx, "trace collector did not take the last spans", "error", err)
		}
		return nil
	}
}

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
