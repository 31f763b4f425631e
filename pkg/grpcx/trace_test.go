package grpcx

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
)

// TestACallIsOneTrace shows that the server's span is a child of the client's.
func TestACallIsOneTrace(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	server, err := NewServer(Options{
		Policy: Service(tokenv1.TokenService_ServiceDesc, Rule{Callers: []string{AnyCaller}}),
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Tracer: tp,
	})
	if err != nil {
		t.Fatal(err)
	}
	tokenv1.RegisterTokenServiceServer(server, &tokens{})
	go func() { _ = server.Serve() }()
	request := &tokenv1.MintParticipantTokenRequest{Room: "r", Identity: "ada"}
	if _, err := tokenv1.NewTokenServiceClient(server.Local("room")).MintParticipantToken(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(t.Context()); err != nil { // the server's span has ended then
		t.Fatal(err)
	}
	ended := spans.Ended()
	if len(ended) != 2 || ended[0].SpanContext().TraceID() != ended[1].SpanContext().TraceID() {
		t.Fatalf("spans: %v", ended)
	}
	parents := map[bool]int{}
	for _, span := range ended {
		parents[span.Parent().IsValid()]++
	}
	if parents[true] != 1 || parents[false] != 1 {
		t.Fatalf("one span must be the other's child: %v", parents)
	}
}
