package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// tabTime bounds what a page does at one go.
const tabTime = 30 * time.Second

// chromium is a running browser.
type chromium struct {
	ctx context.Context
}

// tab is a page in Chromium, with cookies of its own.
type tab struct {
	ctx context.Context
}

// frontendDir returns a built frontend: the test's page, and LiveKit's client
// as npm installed it.
func frontendDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("browser", "page"))); err != nil {
		t.Fatal(err)
	}
	const client = "livekit-client.esm.mjs"
	code, err := os.ReadFile(filepath.Join("browser", "node_modules", "livekit-client", "dist", client))
	if err != nil {
		t.Fatalf("LiveKit's client is not installed: run make npm: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "assets", client), code, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startChromium starts a browser with a camera and a microphone that are none,
// which reaches nothing but this machine. It ends with the test.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("headless", "new"),
		chromedp.NoSandbox, // containers have no user namespaces; it opens our own pages only
		chromedp.DisableGPU,
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WSURLReadTimeout(tabTime),
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end) // waits until the browser and its children are gone
	ctx, closeBrowser := chromedp.NewContext(allocator, chromedp.WithLogf(t.Logf), chromedp.WithErrorf(t.Logf))
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: run make system: %v", err)
	}
	return &chromium{ctx: ctx}
}

// open opens a page as somebody who shares no cookie with other tabs.
func (c *chromium) open(t *testing.T, url string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // under no deadline: the tab would end with it
		t.Fatal(err)
	}
	p := &tab{ctx: ctx}
	p.do(t, chromedp.Navigate(url))
	return p
}

// do has the tab do something.
func (p *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, tabTime)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// script is the call of a function of the page.
func script(t *testing.T, function string, args ...any) string {
	t.Helper()
	texts := make([]string, len(args))
	for i, arg := range args {
		raw, err := json.Marshal(arg)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(raw)
	}
	return "page." + function + "(" + strings.Join(texts, ", ") + ")"
}

// run calls a function of the page and returns what it resolves to.
func run[T any](t *testing.T, p *tab, function string, args ...any) T {
	t.Helper()
	result, err := tryRun[T](p, script(t, function, args...))
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	return result
}

func tryRun[T any](p *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, tabTime)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// response is what the page's ask returns.
type response struct {
	Status int            `json:"status"`
	Body   map[string]any `json:"body"`
}

// ask sends a request from inside the page.
func (p *tab) ask(t *testing.T, status int, args ...any) map[string]any {
	t.Helper()
	got := run[response](t, p, "ask", args...)
	if got.Status != status {
		t.Fatalf("%v: %d %v, want %d", args, got.Status, got.Body, status)
	}
	return got.Body
}

// cookies returns the cookies that the browser keeps for the tab, by name.
func (p *tab) cookies(t *testing.T) map[string]*network.Cookie {
	t.Helper()
	all, err := chromedp.Run(p.ctx, func(ctx context.Context, target *chromedp.Target) ([]*network.Cookie, error) {
		kept, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{})
		return kept.Cookies, err
	})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*network.Cookie{}
	for _, c := range all {
		byName[c.Name] = c
	}
	return byName
}

// heard returns nil once the page was told something that has the text in it.
func (p *tab) heard(t *testing.T, event, text string) func() error {
	return func() error {
		t.Helper()
		all := run[[][2]string](t, p, "heard")
		for _, told := range all {
			if told[0] == event && strings.Contains(told[1], text) {
				return nil
			}
		}
		return fmt.Errorf("no %s with %s in %q", event, text, all)
	}
}
