package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/parleymeet/parley/pkg/testkit"
)

// attendee is a participant as a page sees it.
type attendee struct {
	Identity, Name, Role string
	// Tracks are the sources of those that the page receives.
	Tracks []string
}

// sees waits until a page receives camera and microphone of everybody else in a
// room, and returns them by name.
func (p *tab) sees(t *testing.T, slug string, names ...string) map[string]attendee {
	t.Helper()
	found := map[string]attendee{}
	testkit.Eventually(t, tabTime, func() error {
		clear(found)
		for _, other := range run[[]attendee](t, p, "others", slug) {
			if slices.Equal(other.Tracks, []string{"camera", "microphone"}) {
				found[other.Name] = other
			}
		}
		for _, name := range names {
			if _, ok := found[name]; !ok || len(found) != len(names) {
				return fmt.Errorf("seen with camera and microphone: %v, want %v", found, names)
			}
		}
		return nil
	})
	return found
}

// TestBrowser is a meeting of two pages in a real browser, which holds what
// cookies, CSRF tokens and the content security policy promise: one person logs
// in, creates a room and meets a guest; then the room is restricted, and the
// guest has to wait in the lobby.
func TestBrowser(t *testing.T) {
	t.Parallel()
	site := startSite(t)
	d := startStandalone(t, "", "FRONTEND_DIR", frontendDir(t), "FRONTEND_FRAME_ANCESTORS", site.URL)
	pages := startChromium(t)
	testEmbedding(t, pages.open(t, site.URL+"/?"+d.http))

	host := pages.open(t, d.http+"/")
	if config := host.ask(t, http.StatusOK, "GET", "config/"); config["livekit"].(map[string]any)["url"] != d.livekit.URL {
		t.Errorf("config: %v", config)
	}
	host.ask(t, http.StatusUnauthorized, "GET", "users/me")
	host.logIn(t, "hana.kim@example.org")
	if me := host.ask(t, http.StatusOK, "GET", "users/me"); me["full_name"] != "Hana Kim" {
		t.Errorf("logged in as %v", me)
	}
	testBrowserCookies(t, host)
	testContentPolicy(t, host)

	// A write needs the token that only our own pages can read.
	const slug = "kqz-wrtp-lmn"
	refused := host.ask(t, http.StatusForbidden, "POST", "rooms/?username=", map[string]any{"name": slug}, false)
	if refused["detail"] != "CSRF Failed: CSRF token missing." {
		t.Errorf("without the token: %v", refused)
	}
	room := host.ask(t, http.StatusCreated, "POST", "rooms/?username=", map[string]any{"name": slug})

	run[string](t, host, "join", slug, "Hana")
	guest := pages.open(t, d.http+"/"+slug) // the page's own path: the server answers with the page
	run[string](t, guest, "join", slug, "Gil")
	if hana := guest.sees(t, slug, "Hana")["Hana"]; hana.Role != "owner" {
		t.Errorf("the guest sees %v", hana)
	}
	gil := host.sees(t, slug, "Gil")["Gil"]
	d.participants(t, room["id"].(string), 2)

	host.ask(t, http.StatusOK, "PATCH", "rooms/"+slug+"/", map[string]any{"access_level": "restricted"})
	testkit.Eventually(t, tabTime, guest.heard(t, "metadata", `"access_level":"restricted"`))

	testBrowserLobby(t, d, host, guest, room["id"].(string), slug, gil.Identity)
}

// startSite starts another site, whose page has the button of the suite in its
// query in a frame.
func startSite(t *testing.T) *httptest.Server {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><body><script>
			const told = [];
			globalThis.page = { told: () => told };
			addEventListener('message', ({ source, data }) => {
				told.push(data);
				if (data === 'ready') source.postMessage('open', '*');
			});
			const frame = document.createElement('iframe');
			frame.src = location.search.slice(1) + '/sdk/create-button';
			document.body.append(frame);
		</script>`)
	}))
	t.Cleanup(site.Close)
	return site
}

// testEmbedding: the page of another site shows the button, and is told what the
// button's popup did.
func testEmbedding(t *testing.T, site *tab) {
	t.Helper()
	want := []string{"ready", "created"}
	testkit.Eventually(t, tabTime, func() error {
		if told := run[[]string](t, site, "told"); !slices.Equal(told, want) {
			return fmt.Errorf("the site was told %q, want %q", told, want)
		}
		return nil
	})
}

// logIn goes through the development log-in's page and back.
func (p *tab) logIn(t *testing.T, email string) {
	t.Helper()
	p.do(t, chromedp.Evaluate[chromedp.Void]("page.login()"))
	p.do(t, chromedp.SendKeys("#email", email), chromedp.Submit("#email"))
	testkit.Eventually(t, tabTime, func() error {
		// The page itself may still be loading.
		_, err := tryRun[string](p, "page.cookies()")
		return err
	})
}

func testBrowserCookies(t *testing.T, host *tab) {
	t.Helper()
	readable := run[string](t, host, "cookies")
	kept := host.cookies(t)
	session, csrf := kept["sessionid"], kept["csrftoken"]
	if session == nil || !session.HTTPOnly || session.SameSite != network.CookieSameSiteLax || strings.Contains(readable, "sessionid") {
		t.Errorf("sessionid: %+v, the page reads %q", session, readable)
	}
	if csrf == nil || csrf.HTTPOnly || csrf.SameSite != network.CookieSameSiteLax || readable != "csrftoken="+csrf.Value {
		t.Errorf("csrftoken: %+v, the page reads %q", csrf, readable)
	}
}

// testContentPolicy: the browser runs no script inside the page and sends
// nothing to other origins, and says so.
func testContentPolicy(t *testing.T, host *tab) {
	t.Helper()
	var reached atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer foreign.Close()
	if got := run[[]string](t, host, "breakRules", foreign.URL+"/steal"); !slices.Equal(got, []string{"refused", "refused"}) || reached.Load() != 0 {
		t.Errorf("a request and an image to another origin were %v, and arrived %d times", got, reached.Load())
	}
	if ran, err := tryRun[bool](host, "globalThis.inlineScriptRan === true"); err != nil || ran {
		t.Errorf("the script inside the page ran: %v, %v", ran, err)
	}
	want := [][2]string{{"script-src-elem", "inline"}, {"connect-src", foreign.URL + "/steal"}, {"img-src", foreign.URL + "/steal"}}
	testkit.Eventually(t, tabTime, func() error {
		if got := run[[][2]string](t, host, "violations"); !slices.Equal(got, want) {
			return fmt.Errorf("violations %q, want %q", got, want)
		}
		return nil
	})
}

// testBrowserLobby: the guest leaves, must wait now, and is let in as somebody new.
func testBrowserLobby(t *testing.T, d *deployment, host, guest *tab, id, slug, before string) {
	t.Helper()
	run[any](t, guest, "leave", slug)
	d.participants(t, id, 1)
	entered := make(chan error, 1)
	knock := script(t, "waitInLobby", slug, "Gil")
	go func() {
		_, err := tryRun[string](guest, knock)
		entered <- err
	}()
	testkit.Eventually(t, tabTime, host.heard(t, "data", `{"type":"participantWaiting"}`))
	var waiting []any
	testkit.Eventually(t, tabTime, func() error {
		waiting = host.ask(t, http.StatusOK, "GET", "rooms/"+id+"/waiting-participants/")["participants"].([]any)
		if len(waiting) != 1 {
			return fmt.Errorf("waiting: %v", waiting)
		}
		return nil
	})
	asked := waiting[0].(map[string]any)["id"].(string)
	host.ask(t, http.StatusOK, "POST", "rooms/"+id+"/enter/", map[string]any{"participant_id": asked, "allow_entry": true})
	select {
	case err := <-entered:
		if err != nil {
			t.Fatalf("the guest was not let in: %v", err)
		}
	case <-time.After(tabTime):
		t.Fatal("the guest still waits")
	}
	if gil := host.sees(t, slug, "Gil")["Gil"]; gil.Identity != asked || gil.Identity == before {
		t.Errorf("the guest is %v now, was %s, waited as %s", gil, before, asked)
	}
	if pass := guest.cookies(t)["lobbyParticipantId"]; pass == nil || !pass.HTTPOnly || !pass.Session || run[string](t, guest, "cookies") != "" {
		t.Errorf("the lobby's cookie: %+v", pass)
	}
}
