package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
)

// Process is what a process has before it has any service.
type Process struct {
	Name      string
	Config    Config
	Clock     clock.Clock
	Logger    *slog.Logger
	Registry  *prometheus.Registry
	Readiness *obs.Readiness
	// Tracer is nil when no collector is configured.
	Tracer trace.TracerProvider
	// TLS is nil when none is configured.
	TLS *grpcx.TLS

	group    run.Group
	shutdown func(context.Context) error
}

// NewProcess builds a process from its common settings.
func NewProcess(ctx context.Context, name string, cfg Config) (*Process, error) {
	logger := obs.NewLogger(os.Stderr, obs.LogConfig{Level: cfg.LogLevel, Format: cfg.LogFormat, Service: name})
	p := &Process{
		Name: name, Config: cfg, Clock: clock.System{}, Logger: logger,
		Registry: obs.NewRegistry(name), Readiness: obs.NewReadiness(logger),
	}
	p.group.Logger = logger
	redis.SetLogger(redisLog{logger}) // go-redis has one logger a process, stderr by default
	if cfg.HasTLS() {
		var err error
		if p.TLS, err = grpcx.NewTLS(cfg.TLSCertFile, cfg.TLSKeyFile, cfg.TLSCAFile); err != nil {
			return nil, err
		}
	}
	shutdown, tracer, err := obs.StartTracing(ctx, obs.TraceConfig{
		Endpoint: cfg.TraceEndpoint, Service: name, Ratio: cfg.TraceRatio, Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	p.shutdown = shutdown
	if cfg.TraceEndpoint != "" {
		p.Tracer = tracer
	}
	p.group.Add(run.Component{Name: "traces", Stop: p.shutdown})
	p.group.Add(run.HTTPServer("admin", obs.AdminServer(p.Registry, p.Readiness, logger),
		run.Address{Setting: "ADMIN_ADDR", Addr: cfg.AdminAddr}))
	return p, nil
}

// Add appends components; see run.Group.
func (p *Process) Add(components ...run.Component) { p.group.Add(components...) }

// Run starts everything, readiness last, and returns when the process has stopped.
func (p *Process) Run(ctx context.Context) error {
	p.group.Add(run.Component{Name: "readiness", Run: p.Readiness.Run, Stop: p.Readiness.Stop})
	return p.group.Run(ctx)
}

// redisLog is the Redis client's logger: it tells about lost connections.
type redisLog struct{ log *slog.Logger }

// Printf implements the Redis client's logger.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "Redis connection", "detail", fmt.Sprintf(format, args...))
}
