package gateway

import "testing"

// TestCORS is the contract's section 1.5: named origins alone, and with cookies.
func TestCORS(t *testing.T) {
	const page = "http://localhost:3000"
	for name, c := range map[string]struct {
		environ        []string
		origin, method string
		allowed        bool
	}{
		"off":                  {nil, page, "GET", false},
		"allowed":              {[]string{"CORS_ALLOWED_ORIGINS=" + page}, page, "GET", true},
		"allowed, preflight":   {[]string{"CORS_ALLOWED_ORIGINS=" + page}, page, "OPTIONS", true},
		"another":              {[]string{"CORS_ALLOWED_ORIGINS=" + page}, "http://evil.example", "GET", false},
		"another, preflight":   {[]string{"CORS_ALLOWED_ORIGINS=" + page}, "http://evil.example", "OPTIONS", false},
		"another of this host": {[]string{"CORS_ALLOWED_ORIGINS=" + page}, "http://localhost:3001", "GET", false},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, c.environ...)
			resp, _ := g.ask(t, c.method, "/api/v1.0/config/", "", "", "Origin", c.origin,
				"Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "content-type,x-csrftoken")
			h := resp.Header
			if (h.Get("Access-Control-Allow-Origin") == c.origin) != c.allowed || (h.Get("Access-Control-Allow-Credentials") == "true") != c.allowed {
				t.Errorf("%d %v", resp.StatusCode, h)
			}
			if c.method == "OPTIONS" && (h.Get("Access-Control-Allow-Methods") == "PATCH") != c.allowed {
				t.Errorf("preflight %d %v", resp.StatusCode, h)
			}
		})
	}
}
