package obs

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

func TestTracingOff(t *testing.T) {
	t.Parallel()
	shutdown, tp, err := StartTracing(t.Context(), TraceConfig{Service: "room"})
	if err != nil {
		t.Fatal(err)
	}
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := Propagator().Extract(t.Context(), propagation.MapCarrier{"traceparent": parent})
	ctx, span := tp.Tracer("test").Start(ctx, "op")
	if span.IsRecording() {
		t.Error("a span is recorded without an endpoint")
	}
	out := propagation.MapCarrier{}
	Propagator().Inject(ctx, out)
	if out["traceparent"] != parent {
		t.Errorf("the caller's trace is not passed on: %v", out)
	}
	if err := shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestTracingEndpointIsChecked(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"localhost:4317", "ftp://host", "http://", "::"} {
		if _, _, err := StartTracing(t.Context(), TraceConfig{Endpoint: endpoint}); err == nil {
			t.Errorf("endpoint %q was accepted", endpoint)
		}
	}
}

// fakeCollector keeps what it receives.
type fakeCollector struct {
	collector.UnimplementedTraceServiceServer
	mu       sync.Mutex
	received []string // service.name "/" span name
}

func (c *fakeCollector) Export(
	_ context.Context, req *collector.ExportTraceServiceRequest,
) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range req.GetResourceSpans() {
		var service string
		for _, kv := range rs.GetResource().GetAttributes() {
			if kv.GetKey() == "service.name" {
				service = kv.GetValue().GetStringValue()
			}
		}
		for _, ss := range rs.GetScopeSpans() {
			for _, span := range ss.GetSpans() {
				c.received = append(c.received, service+"/"+span.GetName())
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func TestTracingExports(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ratio float64
		want  string
	}{{1, "room/op"}, {0, ""}} {
		ln := loopback(t)
		fake, srv := &fakeCollector{}, grpc.NewServer()
		collector.RegisterTraceServiceServer(srv, fake)
		go func() { _ = srv.Serve(ln) }() // the spans say whether it served
		defer srv.Stop()

		shutdown, tp, err := StartTracing(t.Context(), TraceConfig{
			Endpoint: "http://" + ln.Addr().String(), Service: "room", Ratio: tt.ratio,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, span := tp.Tracer("test").Start(t.Context(), "op")
		span.End()
		if err := shutdown(t.Context()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		fake.mu.Lock()
		if got := strings.Join(fake.received, ","); got != tt.want {
			t.Errorf("ratio %v: collector received %q, want %q", tt.ratio, got, tt.want)
		}
		fake.mu.Unlock()
	}
}

func TestTracingWithoutItsCollector(t *testing.T) {
	t.Parallel()
	ln := loopback(t)
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	began := time.Now()
	shutdown, tp, err := StartTracing(t.Context(), TraceConfig{
		Endpoint: "http://" + addr, Service: "room", Ratio: 1, Logger: NewLogger(&buf, LogConfig{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 5000 { // more than the queue holds
		_, span := tp.Tracer("test").Start(t.Context(), "op")
		span.End()
	}
	if took := time.Since(began); took > flushTimeout {
		t.Errorf("making spans took %s", took)
	}
	if err := shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if took := time.Since(began); took > 3*flushTimeout {
		t.Errorf("start to end took %s", took)
	}
	if !strings.Contains(buf.String(), "trace collector") {
		t.Errorf("nothing logged: %s", buf.String())
	}
}
