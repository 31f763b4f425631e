// Command parley-telephony runs the telephony service in a process of its own.
package main

import (
	"errors"
	"os"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/internal/serve"
	"github.com/parleymeet/parley/services/telephony"
)

func main() {
	var cfg telephony.Config
	os.Exit(serve.Main(identity.CallerTelephony, &cfg, func(p *serve.Process, cfg *telephony.Config) (serve.Migrate, error) {
		auth, err1 := p.Peer(identity.CallerAuth)
		room, err2 := p.Peer(identity.CallerRoom)
		token, err3 := p.Peer(identity.CallerToken)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		service, err := telephony.New(*cfg, telephony.Deps{
			Room: room, Token: token, Logger: p.Logger, Registry: p.Registry, Clock: p.Clock,
		})
		if err != nil {
			return nil, err
		}
		return p.AddSingle(serve.Part{
			Service: service, Policy: telephony.Policy(),
			ProtoPackage: "parley.telephony.v1", Verifier: p.Verifier(identity.CallerTelephony, auth),
		})
	}))
}
