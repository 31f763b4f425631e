// Command parley-room runs the room service in a process of its own.
package main

import (
	"errors"
	"os"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/internal/serve"
	"github.com/parleymeet/parley/services/room"
)

func main() {
	var cfg room.Config
	os.Exit(serve.Main(identity.CallerRoom, &cfg, func(p *serve.Process, cfg *room.Config) (serve.Migrate, error) {
		auth, err1 := p.Peer(identity.CallerAuth)
		telephony, err2 := p.Peer(identity.CallerTelephony)
		token, err3 := p.Peer(identity.CallerToken)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		service, err := room.New(*cfg, room.Deps{
			Auth: auth, Telephony: telephony, Token: token, Logger: p.Logger, Registry: p.Registry, Clock: p.Clock,
		})
		if err != nil {
			return nil, err
		}
		return p.AddSingle(serve.Part{
			Service: service, Policy: room.Policy(),
			ProtoPackage: "parley.room.v1", Verifier: p.Verifier(identity.CallerRoom, auth),
		})
	}))
}
