package serve

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/run"
)

// Migrate brings a service's database up to date. nil: it has none.
type Migrate func(ctx context.Context) error

// Main is the main function of a process with one service. Without argument it
// serves; with `migrate` it brings the database up to date and ends. cfg is the
// service's configuration, filled before build is called; build makes the
// service and adds it to the process.
func Main[C any](name string, cfg *C, build func(p *Process, cfg *C) (Migrate, error)) int {
	return run.Main("parley-"+name, func(ctx context.Context) error {
		usage := usageError{fmt.Errorf("usage: parley-%s [migrate]; settings come from the environment, see docs/operations.md", name)}
		arguments := os.Args[1:]
		if len(arguments) > 1 || len(arguments) == 1 && arguments[0] != "migrate" {
			return usage
		}
		var common Config
		if err := errors.Join(config.Load(&common, os.Environ()), config.Load(cfg, os.Environ())); err != nil {
			return usageError{err}
		}
		process, err := NewProcess(ctx, name, common)
		if err != nil {
			return err
		}
		migrate, err := build(process, cfg)
		if err != nil {
			return err
		}
		switch {
		case len(arguments) == 0:
			return process.Run(ctx)
		case migrate != nil:
			return migrate(ctx)
		default: // it has no database
			return usage
		}
	})
}

// usageError makes the process end with code 2.
type usageError struct{ error }

func (usageError) ExitCode() int { return 2 }

// Unwrap returns the fault.
func (e usageError) Unwrap() error { return e.error }

// Part is a service with what its process must know to serve it.
type Part struct {
	Service Service
	Policy  grpcx.Policy
	// ProtoPackage is the package of its methods, for which Verifier checks
	// assertions. Both empty when the service knows no users.
	ProtoPackage string
	Verifier     *identity.Verifier
}

// AddSingle adds one gRPC service to the process.
func (p *Process) AddSingle(part Part) (Migrate, error) {
	if p.TLS == nil {
		return nil, ErrNoTLS
	}
	verifiers := grpcx.Verifiers{}
	if part.Verifier != nil {
		verifiers[part.ProtoPackage] = part.Verifier
	}
	server, err := p.NewServer(part.Policy, verifiers)
	if err != nil {
		return nil, err
	}
	part.Service.Register(server)
	address := run.Address{Setting: "GRPC_ADDR", Addr: p.Config.GRPCAddr}
	if address.Addr == "" {
		address.Addr = p.Config.address(p.Name)
	}
	p.AddService(p.Name, part.Service)
	p.Add(GRPC(server, address.Listen))
	return part.Service.Migrate, nil
}
