// Command parley-gateway runs the REST gateway in a process of its own.
package main

import (
	"errors"
	"os"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/gateway"
	"github.com/parleymeet/parley/services/internal/serve"
)

func main() {
	var cfg gateway.Config
	os.Exit(serve.Main(identity.CallerGateway, &cfg, func(p *serve.Process, cfg *gateway.Config) (serve.Migrate, error) {
		auth, err1 := p.Peer(identity.CallerAuth)
		room, err2 := p.Peer(identity.CallerRoom)
		telephony, err3 := p.Peer(identity.CallerTelephony)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		service, err := gateway.New(*cfg, gateway.Deps{
			Auth: auth, Room: room, Telephony: telephony, Logger: p.Logger, Registry: p.Registry, Clock: p.Clock, Tracer: p.Tracer,
		})
		if err != nil {
			return nil, err
		}
		service.Checks(p.Readiness)
		p.Add(service.Component())
		return nil, nil
	}))
}
