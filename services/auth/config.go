package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/internal/database"
)

// Config is the settings of the auth service.
type Config struct {
	DatabaseURL string        `env:"DATABASE_URL" envDefault:"sqlite://data"`
	SecretKey   config.Secret `env:"SECRET_KEY"`

	// GRPCAddr and AuthAddr say where the process listens: at the first that is set.
	GRPCAddr string `env:"GRPC_ADDR"`
	AuthAddr string `env:"AUTH_ADDR" envDefault:"127.0.0.1:9001"`

	// SessionAge is the life of a session in seconds.
	SessionAge int `env:"SESSION_COOKIE_AGE" envDefault:"43200"`
	// KeyRotation is how long one signing key signs.
	KeyRotation time.Duration `env:"KEY_ROTATION" envDefault:"24h"`
	// OperatorEmails are the people who run the suite.
	OperatorEmails []string `env:"OPERATOR_EMAILS"`

	// ApplicationTokenLife is the life of an application's token in seconds.
	ApplicationTokenLife int `env:"APPLICATION_JWT_EXPIRATION_SECONDS" envDefault:"3600"`
	// ApplicationUsers lets applications act for people who have not logged in yet.
	ApplicationUsers bool `env:"APPLICATION_ALLOW_USER_CREATION"`

	// DevelopmentLogin lets anyone in by e-mail alone.
	DevelopmentLogin bool `env:"DEVELOPMENT_LOGIN"`

	OIDCIssuerURL    string        `env:"OIDC_ISSUER_URL"`
	OIDCClientID     string        `env:"OIDC_CLIENT_ID"`
	OIDCClientSecret config.Secret `env:"OIDC_CLIENT_SECRET"`
	OIDCScopes       []string      `env:"OIDC_SCOPES" envSeparator:" " envDefault:"openid email profile"`
	// OIDCCreateUser lets people in whom the suite has not seen before.
	OIDCCreateUser bool `env:"OIDC_CREATE_USER" envDefault:"true"`
	// OIDCAuthParams are sent with every authorization request: a JSON object of strings.
	OIDCAuthParams authParams `env:"OIDC_AUTH_REQUEST_EXTRA_PARAMS"`
	// OIDCLeeway is how far the provider's clock may be off.
	OIDCLeeway time.Duration `env:"OIDC_CLOCK_LEEWAY" envDefault:"1m"`
	// OIDCMatchEmail takes who has an unknown sub for the user with the same e-mail.
	OIDCMatchEmail bool `env:"OIDC_FALLBACK_TO_EMAIL_FOR_IDENTIFICATION"`
	// OIDCEssentialClaims must not be empty, besides sub.
	OIDCEssentialClaims []string `env:"OIDC_USERINFO_ESSENTIAL_CLAIMS"`
	// OIDCFullNameClaims make the full name, joined by spaces.
	OIDCFullNameClaims []string `env:"OIDC_USERINFO_FULLNAME_FIELDS" envDefault:"given_name,usual_name"`
	// OIDCShortNameClaim is the short name.
	OIDCShortNameClaim string `env:"OIDC_USERINFO_SHORTNAME_FIELD" envDefault:"given_name"`
	// OIDCOperatorClaim marks operators where it is true; empty for none.
	OIDCOperatorClaim string `env:"OIDC_OPERATOR_CLAIM"`

	// UserListing shows all users to whoever is logged in.
	UserListing bool `env:"ALLOW_UNSECURE_USER_LISTING"`
}

// authParams is a setting that is written as a JSON object of strings.
type authParams map[string]string

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *authParams) UnmarshalText(text []byte) error {
	if err := json.Unmarshal(text, (*map[string]string)(p)); err != nil {
		return fmt.Errorf("not a JSON object of strings: %w", err)
	}
	return nil
}

// ownParams are those of an authorization request that no setting may change.
func ownParams() []string {
	return []string{
		"client_id", "code_challenge", "code_challenge_method", "nonce", "prompt", "redirect_uri",
		"response_mode", "response_type", "scope", "state",
	}
}

// Validate returns every fault, joined.
func (c *Config) Validate() error {
	var faults []error
	if _, err := database.Locate(c.DatabaseURL, serviceName); err != nil {
		faults = append(faults, err)
	}
	if _, err := secret.Parse(c.SecretKey.Reveal()); err != nil {
		faults = append(faults, err)
	}
	if c.SessionAge <= 0 {
		faults = append(faults, errors.New("SESSION_COOKIE_AGE must be a number of seconds above 0"))
	}
	if c.KeyRotation < keys.MinRotation {
		faults = append(faults, fmt.Errorf("KEY_ROTATION must be at least %v", keys.MinRotation))
	}
	if most := int(keys.MaxTokenLife / time.Second); c.ApplicationTokenLife <= 0 || c.ApplicationTokenLife > most {
		faults = append(faults, fmt.Errorf("APPLICATION_JWT_EXPIRATION_SECONDS must be a number of seconds from 1 to %d", most))
	}
	return errors.Join(append(faults, c.providerFaults()...)...)
}

func (c *Config) providerFaults() []error {
	switch {
	case c.DevelopmentLogin && c.OIDCIssuerURL != "":
		return []error{errors.New("DEVELOPMENT_LOGIN and OIDC_ISSUER_URL are both set: keep one")}
	case c.DevelopmentLogin:
		return c.developmentFaults()
	case c.OIDCIssuerURL == "":
		return []error{errors.New("nobody could log in: set OIDC_ISSUER_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or DEVELOPMENT_LOGIN=true on a machine for development")}
	}
	var faults []error
	if u, err := url.Parse(c.OIDCIssuerURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		faults = append(faults, errors.New("OIDC_ISSUER_URL must be an http or https URL"))
	}
	if c.OIDCClientID == "" {
		faults = append(faults, errors.New("OIDC_CLIENT_ID is not set"))
	}
	for _, name := range ownParams() {
		if _, set := c.OIDCAuthParams[name]; set {
			faults = append(faults, fmt.Errorf("OIDC_AUTH_REQUEST_EXTRA_PARAMS must not set %s", name))
		}
	}
	if c.OIDCLeeway < 0 || c.OIDCLeeway > maxLeeway {
		faults = append(faults, fmt.Errorf("OIDC_CLOCK_LEEWAY must be from 0 to %v", maxLeeway))
	}
	return faults
}

// maxLeeway is more than clocks are off that anybody looks after.
const maxLeeway = 10 * time.Minute

func (c *Config) developmentFaults() []error {
	if !config.IsLoopback(c.listenAddr()) {
		return []error{fmt.Errorf("DEVELOPMENT_LOGIN lets anyone in, so the service must listen on a loopback address, not %q: change GRPC_ADDR or use OIDC_ISSUER_URL", c.listenAddr())}
	}
	return nil
}

func (c *Config) listenAddr() string {
	if c.GRPCAddr != "" {
		return c.GRPCAddr
	}
	return c.AuthAddr
}
