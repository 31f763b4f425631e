package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func cookieOf(resp *http.Response, name string) *http.Cookie {
	for _, cookie := range resp.Cookies() {
		if cookie.Name == name {
			return cookie
		}
	}
	return nil
}

func TestLogin(t *testing.T) {
	g := start(t, "LOGIN_REDIRECT_URL=/home", "LOGIN_REDIRECT_URL_FAILURE=/failed", "LOGOUT_REDIRECT_URL=/bye", "COOKIE_SECURE=true")
	for name, c := range map[string]struct {
		method, path, cookie string
		status               int
		location             string
	}{
		"start":              {"GET", "/authenticate/", "", 302, "https://idp.example.org/authorize?redirect_uri=" + g.url + "/api/v1.0/callback/"},
		"wrong method":       {"POST", "/authenticate/", "", 405, ""},
		"callback":           {"GET", "/callback/?code=c&state=good", "anonymous", 302, "/room"},
		"callback, stranger": {"GET", "/callback/?code=c&state=good", "", 302, "/failed"},
		"state unknown":      {"GET", "/callback/?code=c&state=bad", "anonymous", 400, ""},
		"silent refused":     {"GET", "/callback/?error=login_required&state=good", "anonymous", 302, "/room"},
		"refused":            {"GET", "/callback/?error=access_denied&state=good", "anonymous", 302, "/failed"},
		"logout":             {"GET", "/logout", adaCook, 302, "https://idp.example.org/logout"},
		"logout here":        {"POST", "/logout/", bobCook, 302, "/bye"},
		"logout, stranger":   {"GET", "/logout", "", 302, "/bye"},
		"logged out":         {"GET", "/logout-callback/?state=good", adaCook, 302, "/bye"},
		"no state":           {"GET", "/logout-callback/", adaCook, 302, "/bye"},
		"logout state":       {"GET", "/logout-callback/?state=bad", adaCook, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, c.method, "/api/v1.0"+c.path, c.cookie, "")
			if resp.StatusCode != c.status || resp.Header.Get("Location") != c.location {
				t.Errorf("%d %q %s", resp.StatusCode, resp.Header.Get("Location"), body)
			}
			session, csrf := cookieOf(resp, "sessionid"), cookieOf(resp, "csrftoken")
			switch name {
			case "callback":
				if session.Value != adaCook || !session.HttpOnly || !session.Secure || session.MaxAge != 43200 || session.SameSite != http.SameSiteLaxMode || session.Path != "/" {
					t.Errorf("session cookie %+v", session)
				}
				if len(csrf.Value) != 32 || csrf.HttpOnly || !csrf.Secure || csrf.MaxAge != 31449600 {
					t.Errorf("csrf cookie %+v", csrf)
				}
			case "logout here", "logged out":
				if session == nil || session.MaxAge >= 0 {
					t.Errorf("the session stayed: %+v", session)
				}
			case "logout", "no state", "refused":
				if session != nil {
					t.Errorf("session cookie %+v", session)
				}
			}
		})
	}
}

// An open redirect would send people who trust our links anywhere. Defence: returns.safe.
func TestOpenRedirect(t *testing.T) {
	g := start(t)
	host := strings.TrimPrefix(g.url, "http://")
	for _, good := range []string{"/room?x=1", g.url + "/room"} {
		if resp, _ := g.ask(t, "GET", "/api/v1.0/authenticate/?returnTo="+url.QueryEscape(good), "", ""); resp.StatusCode != 302 || g.returnTo != good {
			t.Errorf("%s: %d, back to %q", good, resp.StatusCode, g.returnTo)
		}
	}
	for _, evil := range []string{
		"https://evil.example/", "//evil.example", "///evil.example", `\\evil.example`, `/\evil.example`, "/\t/evil.example", "https:evil.example",
		"https:/evil.example", "javascript:alert(1)", "data:text/html,x", "https://" + host + "@evil.example/", "https://" + host + ".evil.example/",
		" https://evil.example", "https://evil.example\\@" + host, "http://" + host + "\u3002evil.example/", "%2F%2Fevil.example",
	} {
		g.returnTo = "not asked"
		if resp, _ := g.ask(t, "GET", "/api/v1.0/authenticate/?returnTo="+url.QueryEscape(evil), "", ""); resp.StatusCode != 302 || g.returnTo != "" {
			t.Errorf("%q: %d, back to %q", evil, resp.StatusCode, g.returnTo)
		}
	}
}

// A log-out that no link may begin, no page of another site may begin either.
func TestLogoutByPostOnly(t *testing.T) {
	g := start(t, "ALLOW_LOGOUT_GET_METHOD=false")
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method, cookie, body string
		headers              []string
		status               int
	}{
		"a link":        {"GET", bobCook, "", nil, http.StatusMethodNotAllowed},
		"a link, HEAD":  {"HEAD", bobCook, "", nil, http.StatusMethodNotAllowed},
		"by header":     {"POST", bobCook, "", nil, http.StatusFound},
		"by form":       {"POST", bobCook, "csrfmiddlewaretoken=" + token, []string{"X-CSRFToken", "", "Content-Type", form}, http.StatusFound},
		"no token":      {"POST", bobCook, "", []string{"X-CSRFToken", "", "Content-Type", form}, http.StatusForbidden},
		"another token": {"POST", bobCook, "csrfmiddlewaretoken=" + strings.ToLower(token), []string{"X-CSRFToken", "", "Content-Type", form}, http.StatusForbidden},
		"a huge form":   {"POST", bobCook, strings.Repeat("a=b&", 1<<15) + "csrfmiddlewaretoken=" + token, []string{"X-CSRFToken", "", "Content-Type", form}, http.StatusForbidden},
		"another site":  {"POST", bobCook, "", []string{"Origin", "https://sibling.meet.test"}, http.StatusForbidden},
		"nobody's":      {"POST", "", "", nil, http.StatusFound},
	} {
		resp, body := g.ask(t, c.method, "/api/v1.0/logout/", c.cookie, c.body, c.headers...)
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		if gone := cookieOf(resp, "sessionid"); (gone != nil) != (c.status == http.StatusFound && c.cookie != "") {
			t.Errorf("%s: session cookie %+v", name, gone)
		}
	}
}

func TestBackChannelLogout(t *testing.T) {
	g := start(t)
	const form, invalid = "application/x-www-form-urlencoded", `{"error":"invalid_request","error_description":"The logout token is not valid."}`
	for name, c := range map[string]struct {
		method, media, body string
		status              int
		want                string
	}{
		"good":        {"POST", form, "logout_token=good", 204, ""},
		"not valid":   {"POST", form, "logout_token=bad", 400, invalid},
		"too long":    {"POST", form, "logout_token=" + strings.Repeat("a", 16385), 400, invalid},
		"far too big": {"POST", form, "logout_token=" + strings.Repeat("a", 1<<20), 400, `{"error":"invalid_request","error_description":"logout_token is missing."}`},
		"none":        {"POST", form, "", 400, `{"error":"invalid_request","error_description":"logout_token is missing."}`},
		"no form":     {"POST", "application/json", `{"logout_token":"good"}`, 400, `{"error":"invalid_request","error_description":"logout_token is missing."}`},
		"auth away":   {"POST", form, "logout_token=away", 400, `{"error":"temporarily_unavailable","error_description":"The log-out failed. Try again."}`},
		"by GET":      {"GET", form, "", 405, `{"detail":"Method \"GET\" not allowed."}`},
	} {
		for _, path := range []string{"/api/v1.0/backchannel-logout/", "/api/v1.0/backchannel-logout", "/backchannel-logout/"} {
			// A provider has no cookie; those of a browser that is tricked into it change nothing.
			for _, cookie := range []string{"", adaCook} {
				resp, body := g.ask(t, c.method, path, cookie, c.body, "Content-Type", c.media)
				if resp.StatusCode != c.status || body != c.want {
					t.Errorf("%s %s: %d %s", name, path, resp.StatusCode, body)
				}
				if c.method == "POST" && resp.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s: may be cached", name, path)
				}
			}
		}
	}
}

func TestDevelopmentLogin(t *testing.T) {
	g := start(t, "DEVELOPMENT_LOGIN=true")
	const path = "/api/v1.0/authenticate/?returnTo=/%22%3E%3Cscript%3E"
	resp, body := g.ask(t, "GET", path, "", "")
	if resp.StatusCode != http.StatusOK || strings.Contains(body, "<script>") || !strings.Contains(body, `value="/&#34;&gt;&lt;script&gt;"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp, _ := g.ask(t, "GET", path+"&login_hint=ada@example.org", "", ""); resp.StatusCode != 302 || g.hint != "ada@example.org" || g.returnTo == "" {
		t.Errorf("with an e-mail: %d, hint %q, back to %q", resp.StatusCode, g.hint, g.returnTo)
	}
	if resp, _ := g.ask(t, "GET", "/api/v1.0/authenticate/?prompt=none", "", ""); resp.StatusCode != 302 || !g.silent {
		t.Errorf("silent: %d", resp.StatusCode)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	rebound, err := g.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = rebound.Body.Close()
	if rebound.StatusCode != http.StatusForbidden {
		t.Errorf("another host name: %d", rebound.StatusCode)
	}
}

func TestCSRF(t *testing.T) {
	g := start(t, "TRUSTED_PROXIES=127.0.0.1/32", "CSRF_TRUSTED_ORIGINS=https://app.example.org,https://*.trusted.example")
	host := strings.TrimPrefix(g.url, "http://")
	masked := strings.Repeat("b", 32) + "bcdefghijklmnopqrstuvwxyzABCDEFG"
	https := []string{"X-Forwarded-Proto", "https"}
	for name, c := range map[string]struct {
		cookie  string
		headers []string
		want    string
	}{
		"good":             {token, []string{"X-CSRFToken", token}, ""},
		"masked":           {token, []string{"X-CSRFToken", masked}, ""},
		"no cookie":        {"", []string{"X-CSRFToken", token}, "CSRF cookie not set."},
		"no header":        {token, nil, "CSRF token missing."},
		"other":            {token, []string{"X-CSRFToken", strings.ToLower(token)}, "CSRF token from the 'X-Csrftoken' HTTP header incorrect."},
		"short":            {token, []string{"X-CSRFToken", "abc"}, "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."},
		"odd":              {token, []string{"X-CSRFToken", strings.Repeat("-", 32)}, "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters."},
		"evil origin":      {token, []string{"X-CSRFToken", token, "Origin", "https://evil.example"}, "Origin checking failed - https://evil.example does not match any trusted origins."},
		"null origin":      {token, []string{"X-CSRFToken", token, "Origin", "null"}, "Origin checking failed - null does not match any trusted origins."},
		"suffix":           {token, []string{"X-CSRFToken", token, "Origin", "https://eviltrusted.example"}, "Origin checking failed - https://eviltrusted.example does not match any trusted origins."},
		"own origin":       {token, []string{"X-CSRFToken", token, "Origin", g.url}, ""},
		"trusted origin":   {token, []string{"X-CSRFToken", token, "Origin", "https://app.example.org"}, ""},
		"trusted domain":   {token, []string{"X-CSRFToken", token, "Origin", "https://a.trusted.example"}, ""},
		"https no referer": {token, append(https, "X-CSRFToken", token), "Referer checking failed - no Referer."},
		"https referer":    {token, append(https, "X-CSRFToken", token, "Referer", "https://"+host+"/x"), ""},
		"https evil":       {token, append(https, "X-CSRFToken", token, "Referer", "https://evil.example/"), "Referer checking failed - https://evil.example/ does not match any trusted origins."},
		"http referer":     {token, append(https, "X-CSRFToken", token, "Referer", "http://"+host), "Referer checking failed - Referer is insecure while host is secure."},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, g.url+"/api/v1.0/users/"+ada+"/", strings.NewReader(`{"timezone":"UTC"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.AddCookie(&http.Cookie{Name: "sessionid", Value: adaCook})
			if c.cookie != "" {
				req.AddCookie(&http.Cookie{Name: "csrftoken", Value: c.cookie})
			}
			for i := 0; i+1 < len(c.headers); i += 2 {
				req.Header.Set(c.headers[i], c.headers[i+1])
			}
			resp, err := g.http.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			var body strings.Builder
			if err := resp.Write(&body); err != nil {
				t.Fatal(err)
			}
			if c.want == "" && resp.StatusCode != http.StatusOK {
				t.Errorf("%d %s", resp.StatusCode, body.String())
			}
			if c.want != "" && (resp.StatusCode != http.StatusForbidden || !strings.HasSuffix(body.String(), `{"detail":"CSRF Failed: `+c.want+`"}`)) {
				t.Errorf("%d %s", resp.StatusCode, body.String())
			}
		})
	}
	// Anonymous writes need none, and fail for their own reason.
	if resp, body := g.ask(t, "POST", "/api/v1.0/rooms/", "", `{}`, "Origin", "https://evil.example"); resp.StatusCode != 401 {
		t.Errorf("anonymous: %d %s", resp.StatusCode, body)
	}
}

func TestMediaType(t *testing.T) {
	g := start(t)
	for media, status := range map[string]int{"application/json; charset=utf-8": 201, "text/plain": 415, "application/x-www-form-urlencoded": 415} {
		resp, body := g.ask(t, "POST", "/api/v1.0/rooms/", adaCook, `{"name":"a"}`, "Content-Type", media)
		if resp.StatusCode != status {
			t.Errorf("%s: %d %s", media, resp.StatusCode, body)
		}
	}
}
