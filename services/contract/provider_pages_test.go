package contract

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const (
	authenticatePath = "/api/v1.0/authenticate/"
	callbackPath     = "/api/v1.0/callback/"
	mePath           = "/api/v1.0/users/me/"
)

var (
	formAction = regexp.MustCompile(`action="([^"]+)"`)
	formXSRF   = regexp.MustCompile(`name="xsrf" value="([^"]+)"`)
)

// person is how somebody behaves at the provider's pages.
type person struct {
	name   string
	denies bool // says no when asked for consent
}

// leave begins a log-in and clicks through the provider's pages until they send
// the browser back. It returns the URL of that, unvisited.
func (b *browser) leave(t *testing.T, query string, who person) *url.URL {
	t.Helper()
	here := b.visit(t, b.d.http+authenticatePath+query, nil)
	for range 12 {
		if here.location != nil {
			if strings.HasPrefix(here.location.String(), b.d.http) {
				return here.location
			}
			here = b.visit(t, here.location.String(), nil)
			continue
		}
		action := formAction.FindStringSubmatch(here.body)
		if here.status != http.StatusOK || action == nil {
			t.Fatalf("the provider shows %d %s", here.status, here.body)
		}
		target := html.UnescapeString(action[1])
		switch {
		case strings.Contains(here.body, `value="login"`):
			here = b.visit(t, target, url.Values{"prompt": {"login"}, "login": {who.name}, "password": {"any"}})
		case who.denies:
			here = b.visit(t, target+"/abort", nil)
		default:
			here = b.visit(t, target, url.Values{"prompt": {"consent"}})
		}
	}
	t.Fatal("the provider leads nowhere")
	return nil
}

// wants checks a redirect within the suite.
func (p *page) wants(t *testing.T, what, path string) {
	t.Helper()
	if p.status != http.StatusFound || p.location == nil || p.location.Path != path {
		t.Errorf("%s: %d to %v, want %s\n%s", what, p.status, p.location, path, p.body)
	}
}

// wantsBadRequest checks the page that answers what is wrong with a log-in.
func (p *page) wantsBadRequest(t *testing.T, what string) {
	t.Helper()
	if p.status != http.StatusBadRequest || !strings.Contains(p.body, "<html") {
		t.Errorf("%s: %d to %v, want an HTML page with 400\n%s", what, p.status, p.location, p.body)
	}
}

// logInAt logs somebody in at the provider and returns the user.
func (b *browser) logInAt(t *testing.T, name string) map[string]any {
	t.Helper()
	b.visit(t, b.leave(t, "?returnTo=/room", person{name: name}).String(), nil).wants(t, "log-in", "/room")
	return b.must(t, http.StatusOK, http.MethodGet, mePath, nil).json
}

// wantAnonymous checks that nobody is logged in.
func (b *browser) wantAnonymous(t *testing.T, what string) {
	t.Helper()
	if got := b.do(t, http.MethodGet, mePath, nil); got.status != http.StatusUnauthorized {
		t.Errorf("%s: still logged in: %d %s", what, got.status, got.raw)
	}
}

// confirmLogout says yes to the provider's question whether to log out, and
// returns where that leads.
func (b *browser) confirmLogout(t *testing.T, target string) *page {
	t.Helper()
	asked := b.visit(t, target, nil)
	action, xsrf := formAction.FindStringSubmatch(asked.body), formXSRF.FindStringSubmatch(asked.body)
	if action == nil || xsrf == nil {
		t.Fatalf("the provider shows %d %s", asked.status, asked.body)
	}
	return b.visit(t, html.UnescapeString(action[1]), url.Values{"xsrf": {xsrf[1]}, "logout": {"yes"}})
}
