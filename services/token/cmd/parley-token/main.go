// Command parley-token runs the token service in a process of its own.
package main

import (
	"os"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/internal/serve"
	"github.com/parleymeet/parley/services/token"
)

func main() {
	var cfg token.Config
	os.Exit(serve.Main(identity.CallerToken, &cfg, func(p *serve.Process, cfg *token.Config) (serve.Migrate, error) {
		service, err := token.New(*cfg, token.Deps{Logger: p.Logger, Clock: p.Clock})
		if err != nil {
			return nil, err
		}
		return p.AddSingle(serve.Part{Service: service, Policy: token.Policy()})
	}))
}
