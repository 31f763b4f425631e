// Command parley-auth runs the auth service in a process of its own.
package main

import (
	"os"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth"
	"github.com/parleymeet/parley/services/internal/serve"
)

func main() {
	var cfg auth.Config
	os.Exit(serve.Main(identity.CallerAuth, &cfg, func(p *serve.Process, cfg *auth.Config) (serve.Migrate, error) {
		service, err := auth.New(*cfg, auth.Deps{Logger: p.Logger, Registry: p.Registry, Clock: p.Clock})
		if err != nil {
			return nil, err
		}
		self, err := p.Peer(identity.CallerAuth)
		if err != nil {
			return nil, err
		}
		return p.AddSingle(serve.Part{
			Service: service, Policy: auth.Policy(),
			ProtoPackage: "parley.auth.v1", Verifier: p.Verifier(identity.CallerAuth, self),
		})
	}))
}
