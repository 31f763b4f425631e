package web

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	csrfHeader   = "X-Csrftoken"
	csrfField    = "csrfmiddlewaretoken" // of forms
	csrfLength   = 32
	csrfAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// csrf tells a logged-in user's own page from others that use its cookies.
type csrf struct {
	origins origins
	// trusted are origins, "https://meet.example.org"; "https://*.example.org" trusts subdomains.
	trusted []string
}

// check returns PERMISSION_DENIED when an unsafe request does not prove that
// it comes from our own page.
func (c csrf) check(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return nil
	}
	if reason := c.refusal(r); reason != "" {
		return apierr.New(apierr.PermissionDenied, "CSRF Failed: %s", reason)
	}
	return nil
}

func (c csrf) refusal(r *http.Request) string {
	if reason := c.wrongSource(r); reason != "" {
		return reason
	}
	cookie, err := r.Cookie(csrfCookie)
	if err != nil || cookie.Value == "" {
		return "CSRF cookie not set."
	}
	if reason := malformed(cookie.Value); reason != "" {
		return "CSRF cookie " + reason
	}
	header := r.Header.Get(csrfHeader)
	if header == "" {
		return "CSRF token missing."
	}
	const subject = "CSRF token from the 'X-Csrftoken' HTTP header "
	if reason := malformed(header); reason != "" {
		return subject + reason
	}
	if subtle.ConstantTimeCompare([]byte(unmask(header)), []byte(unmask(cookie.Value))) != 1 {
		return subject + "incorrect."
	}
	return ""
}

// wrongSource judges the page that sent the request, where the browser says which.
func (c csrf) wrongSource(r *http.Request) string {
	scheme, host := c.origins.of(r)
	own := scheme + "://" + host
	if origin := r.Header.Get("Origin"); origin != "" {
		if origin == own || c.trusts(origin) {
			return ""
		}
		return fmt.Sprintf("Origin checking failed - %s does not match any trusted origins.", origin)
	}
	if scheme != "https" {
		return ""
	}
	referer := r.Header.Get("Referer")
	if referer == "" {
		return "Referer checking failed - no Referer."
	}
	u, err := url.Parse(referer)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		return "Referer checking failed - Referer is malformed."
	case u.Scheme != "https":
		return "Referer checking failed - Referer is insecure while host is secure."
	case strings.EqualFold(u.Host, host) || c.trusts(u.Scheme+"://"+u.Host):
		return ""
	default:
		return fmt.Sprintf("Referer checking failed - %s does not match any trusted origins.", referer)
	}
}

func (c csrf) trusts(origin string) bool {
	return slices.ContainsFunc(c.trusted, func(trusted string) bool {
		scheme, domain, wild := strings.Cut(trusted, "://*")
		if !wild {
			return strings.EqualFold(trusted, origin)
		}
		rest, ok := strings.CutPrefix(strings.ToLower(origin), strings.ToLower(scheme)+"://")
		return ok && strings.HasSuffix(rest, strings.ToLower(domain))
	})
}

// malformed says what is wrong with the shape of a token: 32 alphanumerics, or 64 when masked.
func malformed(token string) string {
	if len(token) != csrfLength && len(token) != 2*csrfLength {
		return "has incorrect length."
	}
	if strings.Trim(token, csrfAlphabet) != "" {
		return "has invalid characters."
	}
	return ""
}

// unmask undoes the mask that some clients put over a token: the first half is
// the mask, added letter by letter to the second.
func unmask(token string) string {
	if len(token) != 2*csrfLength {
		return token
	}
	plain := make([]byte, csrfLength)
	for i := range plain {
		shift := strings.IndexByte(csrfAlphabet, token[csrfLength+i]) - strings.IndexByte(csrfAlphabet, token[i])
		plain[i] = csrfAlphabet[(shift+len(csrfAlphabet))%len(csrfAlphabet)]
	}
	return string(plain)
}
