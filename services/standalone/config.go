package standalone

import (
	"errors"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/services/auth"
	"github.com/parleymeet/parley/services/gateway"
	"github.com/parleymeet/parley/services/internal/serve"
	"github.com/parleymeet/parley/services/room"
	"github.com/parleymeet/parley/services/telephony"
	"github.com/parleymeet/parley/services/token"
)

// settings are those of every service, and of the process around them.
type settings struct {
	common    serve.Config
	own       ownConfig
	auth      auth.Config
	room      room.Config
	telephony telephony.Config
	token     token.Config
	gateway   gateway.Config
}

// ownConfig is what only the standalone process can be told.
type ownConfig struct {
	GRPCAddr       string `env:"GRPC_ADDR"`
	OperatorSocket string `env:"OPERATOR_SOCKET"`
	SIPBusAddr     string `env:"SIP_BUS_ADDR"`
	SIPRedisURL    string `env:"SIP_REDIS_URL"`
	DispatchMode   string `env:"DISPATCH_MODE"`
}

// embeddedBus reports whether the process serves the SIP bus itself.
func (c ownConfig) embeddedBus() bool { return c.SIPRedisURL == "" && c.DispatchMode != "rules" }

// load reads all settings; its error lists the faults of all services.
func load(environ []string) (*settings, error) {
	environ, err := withDefaults(environ)
	if err != nil {
		return nil, err
	}
	var s settings
	if err := config.Load(&s.own, environ); err != nil {
		return nil, err
	}
	if s.own.embeddedBus() {
		environ = append(environ, "SIP_REDIS_URL=redis://"+s.own.SIPBusAddr)
	}
	faults := &config.Error{}
	seen := map[string]bool{}
	for _, cfg := range []any{&s.common, &s.auth, &s.room, &s.telephony, &s.token, &s.gateway} {
		var found *config.Error
		if !errors.As(config.Load(cfg, environ), &found) {
			continue
		}
		for _, fault := range found.Faults { // settings that services share are told once
			if !seen[fault.Error()] {
				seen[fault.Error()] = true
				faults.Faults = append(faults.Faults, fault)
			}
		}
	}
	if len(faults.Faults) > 0 {
		return nil, faults
	}
	return &s, nil
}
