package obs

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// Keys of the attributes that every log line may carry.
const (
	serviceKey   = "service"
	requestIDKey = "request_id"
	traceIDKey   = "trace_id"
)

// LogConfig says how a process logs.
type LogConfig struct {
	Level   slog.Level
	Format  string // "json", or "text" (anything else is text)
	Service string // value of the service attribute; empty leaves it out
}

// NewLogger returns a logger that writes to w, redacts secrets (see
// [MaskText] for the net under the key names) and adds the request id and the
// trace id of the context it is called with.
func NewLogger(w io.Writer, cfg LogConfig) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.Level}
	var inner slog.Handler = slog.NewTextHandler(w, opts)
	if cfg.Format == "json" {
		inner = slog.NewJSONHandler(w, opts)
	}
	if cfg.Service != "" {
		inner = inner.WithAttrs([]slog.Attr{slog.String(serviceKey, cfg.Service)})
	}
	return slog.New(&handler{inner: inner})
}

type requestIDContextKey struct{}

// WithRequestID returns a context that carries id to every log line written
// with it.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDContextKey{}, id)
}

// RequestID returns the id set by [WithRequestID], or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDContextKey{}).(string)
	return id
}

// handler redacts, then hands on to inner.
//
// It keeps the groups opened by WithGroup to itself and nests attributes at
// the end, because an attribute added to inner after inner.WithGroup would
// land inside that group, and the request id belongs at the top of every line.
type handler struct {
	inner slog.Handler // carries the attributes added before any group
	open  []openGroup  // outermost first
}

type openGroup struct {
	name  string
	attrs []slog.Attr // already redacted
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redactAttr(a)
	}
	if len(h.open) == 0 {
		return &handler{inner: h.inner.WithAttrs(clean)}
	}
	open := slices.Clone(h.open)
	last := &open[len(open)-1]
	last.attrs = slices.Concat(last.attrs, clean)
	return &handler{inner: h.inner, open: open}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{inner: h.inner, open: append(slices.Clip(h.open), openGroup{name: name})}
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, MaskText(r.Message), r.PC)
	if id := RequestID(ctx); id != "" {
		out.AddAttrs(slog.String(requestIDKey, MaskText(id)))
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		out.AddAttrs(slog.String(traceIDKey, span.SpanContext().TraceID().String()))
	}
	if len(h.open) == 0 {
		r.Attrs(func(a slog.Attr) bool {
			out.AddAttrs(redactAttr(a))
			return true
		})
		return h.inner.Handle(ctx, out)
	}
	out.AddAttrs(h.nest(r))
	return h.inner.Handle(ctx, out)
}

// nest puts the record's attributes into the open groups, innermost first.
func (h *handler) nest(r slog.Record) slog.Attr {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, redactAttr(a))
		return true
	})
	var group slog.Attr
	for _, g := range slices.Backward(h.open) {
		group = slog.Attr{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, attrs)...)}
		if sensitiveKey(g.name) {
			group.Value = slog.StringValue(Redacted)
		}
		attrs = []slog.Attr{group}
	}
	return group
}
