package token

import (
	"errors"
	"net/url"
	"slices"

	"github.com/parleymeet/parley/pkg/config"
)

// Config is the settings of the token service.
type Config struct {
	// LiveKitURL is what clients dial; it is handed out as it stands.
	LiveKitURL string `env:"LIVEKIT_URL"`
	// LiveKitAPIKey names the secret to LiveKit.
	LiveKitAPIKey string `env:"LIVEKIT_API_KEY"`
	// LiveKitAPISecret signs the tokens.
	LiveKitAPISecret config.Secret `env:"LIVEKIT_API_SECRET"`
}

// minSecretLength is the length under which LiveKit itself calls a secret too short.
const minSecretLength = 32

// Validate returns every fault, joined.
func (c *Config) Validate() error {
	var faults []error
	if !dialable(c.LiveKitURL) {
		faults = append(faults, errors.New("LIVEKIT_URL must be the URL that clients dial, such as wss://livekit.example.org"))
	}
	if c.LiveKitAPIKey == "" {
		faults = append(faults, errors.New("LIVEKIT_API_KEY is not set"))
	}
	if c.LiveKitAPISecret == "" {
		faults = append(faults, errors.New("LIVEKIT_API_SECRET is not set"))
	}
	return errors.Join(faults...)
}

func dialable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && slices.Contains([]string{"ws", "wss", "http", "https"}, u.Scheme)
}
