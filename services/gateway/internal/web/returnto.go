package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// maxReturnTo is the longest address that a log-in comes back to.
const maxReturnTo = 2048

// returns judges where a log-in may send the browser afterwards.
type returns struct {
	// hosts are allowed besides the one by which the browser came.
	hosts []string
	// httpsOnly refuses http.
	httpsOnly bool
}

// safe returns the address if the browser may be sent there from host, else
// "". Browsers read more into addresses than RFC 3986 does (backslashes are
// slashes, tabs and line feeds vanish), so whatever looks odd is refused.
func (p returns) safe(raw, host string) string {
	odd := func(c rune) bool { return c == '\\' || unicode.IsControl(c) || unicode.IsSpace(c) }
	if raw == "" || len(raw) > maxReturnTo || strings.ContainsFunc(raw, odd) || strings.HasPrefix(raw, "//") {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.User != nil {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		if strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(u.Path, "//") {
			return raw
		}
		return ""
	}
	schemeOK := u.Scheme == "https" || (u.Scheme == "http" && !p.httpsOnly)
	known := strings.EqualFold(u.Host, host) || slices.ContainsFunc(p.hosts, func(h string) bool { return strings.EqualFold(h, u.Host) })
	if !schemeOK || u.Host == "" || !known {
		return ""
	}
	return raw
}
