package serve

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"

	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
)

// Service is what every service offers its process.
type Service interface {
	// Register puts its gRPC services on a server.
	Register(r grpc.ServiceRegistrar)
	// Component is its life: databases, workers.
	Component() run.Component
	// Checks adds what it needs to its readiness.
	Checks(r *obs.Readiness)
	// Migrate brings its database up to date.
	Migrate(ctx context.Context) error
}

// firstMigration bounds how long a start waits for its database.
const firstMigration = 5 * time.Second

// AddService adds a service's life to the process. Its database is brought up
// to date before anything is served, where it answers; a database that is away
// does not stop the start: the service tries again in the background.
func (p *Process) AddService(name string, s Service) {
	s.Checks(p.Readiness)
	p.Add(run.Component{
		Name: name + " migrations",
		Start: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, firstMigration)
			defer cancel()
			if err := s.Migrate(ctx); err != nil {
				p.Logger.WarnContext(ctx, "the database is not up to date yet, starting all the same", "part", name, "error", err)
			}
			return nil
		},
	}, s.Component())
}

// NewServer builds the process's gRPC server with one table of methods.
func (p *Process) NewServer(policy grpcx.Policy, verifiers grpcx.Verifiers) (*grpcx.Server, error) {
	options := grpcx.Options{
		Policy: policy, Verifiers: verifiers, Logger: p.Logger, Registry: p.Registry, Tracer: p.Tracer,
	}
	if p.TLS != nil {
		options.Credentials = p.TLS.Server()
	}
	server, err := grpcx.NewServer(options)
	if err != nil {
		return nil, err
	}
	p.Readiness.OnChange(server.SetReady)
	return server, nil
}

// Listen opens one listener of the gRPC server when the process starts.
type Listen func(ctx context.Context) (net.Listener, error)

// GRPC is the component that serves the server on all its listeners.
func GRPC(server *grpcx.Server, listen ...Listen) run.Component {
	var listeners []net.Listener
	return run.Component{
		Name: "gRPC server",
		Start: func(ctx context.Context) error {
			if err := server.CheckPolicy(); err != nil {
				return err
			}
			for _, open := range listen {
				l, err := open(ctx)
				if err != nil {
					for _, opened := range listeners {
						_ = opened.Close() // the first error is the one to tell
					}
					return err
				}
				listeners = append(listeners, l)
			}
			return nil
		},
		Run:  func(context.Context) error { return server.Serve(listeners...) },
		Stop: server.Stop,
	}
}
