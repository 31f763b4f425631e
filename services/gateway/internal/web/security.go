package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
)

// sdkPrefix is where the frontend has its pages for other sites: a button to be
// shown in a frame there, and what it opens as a popup.
const sdkPrefix = "/sdk/"

// The headers of every answer, those of the API's, and who may keep hold of a
// page of ours. Answers share the slices, which are replaced or added to, and
// never changed in place.
var (
	everywhere = http.Header{
		"X-Content-Type-Options": {"nosniff"},
		"Referrer-Policy":        {"strict-origin-when-cross-origin"},
	}
	ofAPI = http.Header{
		"Cache-Control":           {"no-store"}, // answers carry tokens and differ by cookie
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	}
	opener = http.Header{"Cross-Origin-Opener-Policy": {"same-origin-allow-popups"}}
)

// secured gives every answer what browsers need to be careful with it. embedded
// says that pages of other sites may show ours in a frame: a popup that such a
// frame opens tells it the room by window.opener, which any opener policy of the
// popup, or of the log-in on its way, would cut.
func secured(embedded bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		maps.Copy(header, everywhere)
		api := strings.HasPrefix(r.URL.Path, "/api/")
		if !embedded || !api && !strings.HasPrefix(r.URL.Path, sdkPrefix) {
			maps.Copy(header, opener)
		}
		if api || strings.HasPrefix(r.URL.Path, externalPrefix) {
			maps.Copy(header, ofAPI)
		}
		next.ServeHTTP(w, r)
	})
}

// shared lets pages of other origins use the API with the browser's cookies.
// Without an origin nothing changes: browsers let no other page read answers.
func shared(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins, AllowCredentials: true,
		AllowedMethods: []string{http.MethodDelete, http.MethodGet, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut},
		AllowedHeaders: []string{"accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with"},
	}).Handler(next)
}

// contentPolicy is the policy of the frontend's pages: its own files, the
// LiveKit server, and what the operator adds; ancestors may show them in a frame.
func contentPolicy(livekitURL string, extra, ancestors []string) string {
	more := strings.Join(extra, " ")
	directives := []string{
		"default-src 'self'",
		"script-src 'self' 'wasm-unsafe-eval' blob: " + more,
		"style-src 'self' 'unsafe-inline' " + more,
		"img-src 'self' data: blob: " + more,
		"font-src 'self' data: " + more,
		"media-src 'self' data: blob: " + more,
		"worker-src 'self' blob:",
		"connect-src 'self' data: blob: " + strings.Join(livekitOrigins(livekitURL), " ") + " " + more,
		"object-src 'none'",
		"base-uri 'self'",
		"frame-ancestors 'self' " + strings.Join(ancestors, " "),
	}
	for i, directive := range directives {
		directives[i] = strings.Join(strings.Fields(directive), " ")
	}
	return strings.Join(directives, "; ")
}

// livekitOrigins returns the two origins by which browsers reach LiveKit: the
// websocket, and plain requests to the same place.
func livekitOrigins(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil
	}
	if u.Scheme == "wss" || u.Scheme == "https" {
		return []string{"wss://" + u.Host, "https://" + u.Host}
	}
	return []string{"ws://" + u.Host, "http://" + u.Host}
}
