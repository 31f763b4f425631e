package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/services/gateway/internal/web"
)

// Config is the settings of the gateway.
type Config struct {
	// HTTPAddr is where browsers come in.
	HTTPAddr string `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	// LiveKitURL is what browsers dial.
	LiveKitURL string `env:"LIVEKIT_URL"`
	// FrontendDir holds a built single-page app; empty for none.
	FrontendDir string `env:"FRONTEND_DIR"`
	// ContentOrigins may be used by the frontend's pages besides its own and
	// LiveKit's: origins, or paths below them.
	ContentOrigins []string `env:"FRONTEND_CONTENT_ORIGINS"`
	// FrameAncestors are sites that may show the frontend's pages in a frame; * for all.
	FrameAncestors []string `env:"FRONTEND_FRAME_ANCESTORS"`

	// TrustedProxies are the networks whose X-Forwarded-Proto, X-Forwarded-Host and
	// X-Forwarded-For are believed.
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES"`
	// CSRFTrustedOrigins may send write requests besides our own pages.
	CSRFTrustedOrigins []string `env:"CSRF_TRUSTED_ORIGINS"`
	// CORSAllowedOrigins are pages of other origins that may use the API with the
	// browser's cookies, for developing the frontend on a server of its own.
	CORSAllowedOrigins []string `env:"CORS_ALLOWED_ORIGINS"`
	// CookieSecure keeps cookies off plain HTTP. Unset: unless HTTP_ADDR is loopback.
	CookieSecure *bool `env:"COOKIE_SECURE"`

	// DevelopmentLogin lets everybody in as whom they say. Only on a loopback address.
	DevelopmentLogin bool `env:"DEVELOPMENT_LOGIN"`
	// LoginRedirectURL is where a log-in ends that named no other place.
	LoginRedirectURL        string `env:"LOGIN_REDIRECT_URL" envDefault:"/"`
	LoginRedirectURLFailure string `env:"LOGIN_REDIRECT_URL_FAILURE" envDefault:"/"`
	LogoutRedirectURL       string `env:"LOGOUT_REDIRECT_URL" envDefault:"/"`
	// LogoutByGet lets a log-out begin by a link, as the frontend does it.
	LogoutByGet bool `env:"ALLOW_LOGOUT_GET_METHOD" envDefault:"true"`
	// RedirectFieldName is the query parameter with the place where a log-in ends.
	RedirectFieldName    string   `env:"OIDC_REDIRECT_FIELD_NAME" envDefault:"returnTo"`
	RedirectAllowedHosts []string `env:"OIDC_REDIRECT_ALLOWED_HOSTS"`
	RedirectRequireHTTPS bool     `env:"OIDC_REDIRECT_REQUIRE_HTTPS"`

	Limits web.Limits

	// ExternalAPI serves /external-api, and Applications gives tokens there.
	ExternalAPI  bool `env:"EXTERNAL_API_ENABLED"`
	Applications bool `env:"APPLICATION_ENABLED"`
	// ApplicationBaseURL is where the links to rooms begin that applications are told.
	ApplicationBaseURL string `env:"APPLICATION_BASE_URL"`

	Browser BrowserConfig
}

// Validate returns every fault, joined.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, _, err := net.SplitHostPort(c.HTTPAddr); err != nil {
		fault("HTTP_ADDR must be host:port: %w", err)
	}
	if u, err := url.Parse(c.LiveKitURL); err != nil || u.Host == "" || !slices.Contains([]string{"ws", "wss", "http", "https"}, u.Scheme) {
		fault("LIVEKIT_URL must be the URL that browsers dial, such as wss://livekit.example.org")
	}
	if c.FrontendDir != "" {
		if info, err := os.Stat(c.FrontendDir); err != nil || !info.IsDir() {
			fault("FRONTEND_DIR %q is not a directory", c.FrontendDir)
		}
	}
	if c.DevelopmentLogin && !config.IsLoopback(c.HTTPAddr) {
		fault("DEVELOPMENT_LOGIN lets everybody in as anybody: HTTP_ADDR must be a loopback address, such as 127.0.0.1:8080")
	}
	if u, err := url.Parse(c.ApplicationBaseURL); c.ApplicationBaseURL != "" && (err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		fault("APPLICATION_BASE_URL must be where links to rooms begin, such as https://meet.example.org")
	}
	c.checkSources(fault)
	return errors.Join(append(faults, c.Browser.faults()...)...)
}

// checkSources finds what does not belong into lists of origins.
func (c *Config) checkSources(fault func(format string, args ...any)) {
	ancestors := c.FrameAncestors
	if slices.Equal(ancestors, []string{"*"}) {
		ancestors = nil
	}
	for setting, origins := range map[string][]string{
		"CSRF_TRUSTED_ORIGINS": c.CSRFTrustedOrigins, "CORS_ALLOWED_ORIGINS": c.CORSAllowedOrigins, "FRONTEND_FRAME_ANCESTORS": ancestors,
	} {
		for _, text := range origins {
			if path, ok := source(text); !ok || path != "" {
				fault("%s: %q is not an origin such as https://meet.example.org", setting, text)
			}
		}
	}
	for _, text := range c.ContentOrigins {
		if _, ok := source(text); !ok {
			fault("FRONTEND_CONTENT_ORIGINS: %q is not an origin such as https://cdn.example.org, nor a path below one", text)
		}
	}
}

// source reads an origin, whose first label may be *, and the path behind it.
func source(text string) (path string, ok bool) {
	u, err := url.Parse(strings.Replace(text, "://*.", "://", 1))
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#;'\" \t") {
		return "", false
	}
	return u.Path, true
}

// contentOrigins returns ContentOrigins and those of other servers that the
// frontend is told to use: its style sheet, its home page, the hosts of its
// analytics. They are not checked: who is not found here must be in ContentOrigins.
func (c *Config) contentOrigins() []string {
	origins := slices.Clone(c.ContentOrigins)
	analytics := c.Browser.Analytics.orEmpty().GetFields()
	for _, raw := range []string{
		c.Browser.CustomCSSURL, c.Browser.ExternalHomeURL,
		analytics["host"].GetStringValue(), analytics["flags_api_host"].GetStringValue(),
	} {
		if u, err := url.Parse(raw); err == nil && u.Scheme != "" && u.Host != "" {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	return origins
}

// cookieSecure resolves the default of COOKIE_SECURE.
func (c *Config) cookieSecure() bool {
	if c.CookieSecure != nil {
		return *c.CookieSecure
	}
	return !config.IsLoopback(c.HTTPAddr)
}
