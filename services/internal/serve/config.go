package serve

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/parleymeet/parley/pkg/identity"
)

// Config is what every process can be told.
type Config struct {
	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"text"`

	AdminAddr string `env:"ADMIN_ADDR" envDefault:"127.0.0.1:9100"`

	TraceEndpoint string  `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	TraceRatio    float64 `env:"TRACE_RATIO" envDefault:"1"`

	// Mutual TLS between services: all three, or none.
	TLSCertFile string `env:"TLS_CERT_FILE"`
	TLSKeyFile  string `env:"TLS_KEY_FILE"`
	TLSCAFile   string `env:"TLS_CA_FILE"`

	// GRPCAddr is where a service of its own process listens; by default where
	// its peers look for it.
	GRPCAddr string `env:"GRPC_ADDR"`

	AuthAddr      string `env:"AUTH_ADDR" envDefault:"127.0.0.1:9001"`
	RoomAddr      string `env:"ROOM_ADDR" envDefault:"127.0.0.1:9002"`
	TelephonyAddr string `env:"TELEPHONY_ADDR" envDefault:"127.0.0.1:9003"`
	TokenAddr     string `env:"TOKEN_ADDR" envDefault:"127.0.0.1:9004"`
}

// Validate implements config.Validator.
func (c *Config) Validate() error {
	var faults []error
	if c.LogFormat != "text" && c.LogFormat != "json" {
		faults = append(faults, fmt.Errorf("LOG_FORMAT must be text or json, not %q", c.LogFormat))
	}
	if c.TraceRatio < 0 || c.TraceRatio > 1 {
		faults = append(faults, errors.New("TRACE_RATIO must be from 0 to 1"))
	}
	given := 0
	for _, file := range []string{c.TLSCertFile, c.TLSKeyFile, c.TLSCAFile} {
		if file != "" {
			given++
		}
	}
	if given != 0 && given != 3 {
		faults = append(faults, errors.New("TLS_CERT_FILE, TLS_KEY_FILE and TLS_CA_FILE go together: set all three or none"))
	}
	return errors.Join(faults...)
}

// HasTLS reports whether services prove themselves to each other by certificate.
func (c *Config) HasTLS() bool { return c.TLSCertFile != "" }

// address returns where the named service listens.
func (c *Config) address(service string) string {
	return map[string]string{
		identity.CallerAuth:      c.AuthAddr,
		identity.CallerRoom:      c.RoomAddr,
		identity.CallerTelephony: c.TelephonyAddr,
		identity.CallerToken:     c.TokenAddr,
	}[service]
}
