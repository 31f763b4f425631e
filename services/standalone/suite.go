package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/services/auth"
	"github.com/parleymeet/parley/services/gateway"
	"github.com/parleymeet/parley/services/internal/serve"
	"github.com/parleymeet/parley/services/room"
	"github.com/parleymeet/parley/services/standalone/internal/bus"
	"github.com/parleymeet/parley/services/telephony"
	"github.com/parleymeet/parley/services/token"
)

// suite is all services of one process.
type suite struct {
	settings *settings
	process  *serve.Process
	server   *grpcx.Server
	services []part
	gateway  *gateway.Service
}

// part is one gRPC service of the suite.
type part struct {
	name    string
	service serve.Service
}

// Serve runs the suite until ctx ends. Once it answers, it prints where to out.
func Serve(ctx context.Context, environ []string, out io.Writer) error {
	s, err := newSuite(ctx, environ)
	if err != nil {
		return err
	}
	s.assemble(out)
	return s.process.Run(ctx)
}

// Migrate brings the databases of all services up to date.
func Migrate(ctx context.Context, environ []string) error {
	s, err := newSuite(ctx, environ)
	if err != nil {
		return err
	}
	var errs []error
	for _, part := range s.services {
		errs = append(errs, part.service.Migrate(ctx))
	}
	return errors.Join(errs...)
}

func newSuite(ctx context.Context, environ []string) (*suite, error) {
	settings, err := load(environ)
	if err != nil {
		return nil, err
	}
	process, err := serve.NewProcess(ctx, "parley", settings.common)
	if err != nil {
		return nil, err
	}
	s := &suite{settings: settings, process: process}
	if err := s.newServer(); err != nil {
		return nil, err
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// newServer makes the server of all services, with one table.
func (s *suite) newServer() error {
	policy, err := grpcx.Merge(auth.Policy(), token.Policy(), telephony.Policy(), room.Policy())
	if err != nil {
		return err
	}
	verifiers := grpcx.Verifiers{}
	if s.server, err = s.process.NewServer(policy, verifiers); err != nil {
		return err
	}
	keys := s.server.Local(identity.CallerRoom)
	for service, protoPackage := range map[string]string{
		identity.CallerAuth: "parley.auth.v1", identity.CallerRoom: "parley.room.v1", identity.CallerTelephony: "parley.telephony.v1",
	} {
		verifiers[protoPackage] = s.process.Verifier(service, keys)
	}
	return nil
}

// build makes each service, given connections that carry its name.
func (s *suite) build() error {
	p := s.process
	asRoom, asTelephony, asGateway := s.server.Local(identity.CallerRoom), s.server.Local(identity.CallerTelephony), s.server.Local(identity.CallerGateway)
	authService, err := auth.New(s.settings.auth, auth.Deps{Logger: p.Logger, Registry: p.Registry, Clock: p.Clock})
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	tokenService, err := token.New(s.settings.token, token.Deps{Logger: p.Logger, Clock: p.Clock})
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	roomService, err := room.New(s.settings.room, room.Deps{
		Auth: asRoom, Telephony: asRoom, Token: asRoom, Logger: p.Logger, Registry: p.Registry, Clock: p.Clock,
	})
	if err != nil {
		return fmt.Errorf("room: %w", err)
	}
	telephonyService, err := telephony.New(s.settings.telephony, telephony.Deps{
		Room: asTelephony, Token: asTelephony, Logger: p.Logger, Registry: p.Registry, Clock: p.Clock,
	})
	if err != nil {
		return fmt.Errorf("telephony: %w", err)
	}
	s.services = []part{
		{identity.CallerAuth, authService}, {identity.CallerToken, tokenService},
		{identity.CallerTelephony, telephonyService}, {identity.CallerRoom, roomService},
	}
	s.gateway, err = gateway.New(s.settings.gateway, gateway.Deps{
		Auth: asGateway, Room: asGateway, Telephony: asGateway, Logger: p.Logger, Registry: p.Registry, Clock: p.Clock, Tracer: p.Tracer,
	})
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}

// assemble puts everything in start order.
func (s *suite) assemble(out io.Writer) {
	if s.settings.own.embeddedBus() {
		s.process.Add(bus.Component(s.settings.own.SIPBusAddr))
	}
	for _, part := range s.services {
		part.service.Register(s.server)
		s.process.AddService(part.name, part.service)
	}
	s.gateway.Checks(s.process.Readiness)
	s.process.Add(
		serve.GRPC(s.server, s.listenOperator, s.listenNetwork),
		s.gateway.Component(),
		s.announce(out),
	)
}

func (s *suite) listenNetwork(ctx context.Context) (net.Listener, error) {
	return run.Address{Setting: "GRPC_ADDR", Addr: s.settings.own.GRPCAddr}.Listen(ctx)
}

// listenOperator opens the operator's socket for the process's own user. A
// socket left by a process that was killed is replaced.
func (s *suite) listenOperator(ctx context.Context) (net.Listener, error) {
	path := s.settings.own.OperatorSocket
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("OPERATOR_SOCKET: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %q, the value of OPERATOR_SOCKET: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// announce prints where the suite answers, once it is ready.
func (s *suite) announce(out io.Writer) run.Component {
	return run.Component{
		Name: "announcement",
		Run: func(ctx context.Context) error {
			ready := make(chan struct{}, 1)
			s.process.Readiness.OnChange(func(is bool) {
				if is {
					select {
					case ready <- struct{}{}:
					default:
					}
				}
			})
			select {
			case <-ctx.Done():
				return nil
			case <-ready:
			}
			_, err := fmt.Fprintf(out, "parley is ready: REST http://%s  gRPC %s  admin http://%s\n",
				s.settings.gateway.HTTPAddr, s.settings.own.GRPCAddr, s.settings.common.AdminAddr)
			return err
		},
	}
}
