package run

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serveHTTP runs handler in a group of its own and returns its URL, the
// function that stops it, and its result.
func serveHTTP(t *testing.T, budget time.Duration, handler http.HandlerFunc) (url string, stop func(), done <-chan error) {
	t.Helper()
	bound, result := make(chan net.Addr, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	g := Group{StopBudget: budget}
	g.Add(HTTPServer("web", srv, Address{
		Setting: "HTTP_ADDR", Addr: "127.0.0.1:0", Bound: func(a net.Addr) { bound <- a },
	}))
	go func() { result <- g.Run(ctx) }()
	select {
	case addr := <-bound:
		return "http://" + addr.String(), cancel, result
	case err := <-result:
		cancel()
		t.Fatalf("did not start: %v", err)
		return "", nil, nil
	}
}

func fetch(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestHTTPServerFinishesRequests(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	url, stop, done := serveHTTP(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "finished")
	})
	answer := make(chan string, 1)
	go func() {
		body, err := fetch(t.Context(), url)
		answer <- body + errText(err)
	}()
	<-entered
	stop()
	close(release)
	if got := <-answer; got != "finished" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := fetch(t.Context(), url); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the stop: %v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestHTTPServerCutsOffAtTheBudget(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	url, stop, done := serveHTTP(t, 50*time.Millisecond, func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})
	answer := make(chan error, 1)
	go func() {
		_, err := fetch(t.Context(), url)
		answer <- err
	}()
	<-entered
	stop()
	if err := <-done; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stop web: requests cut off") {
		t.Errorf("Run: %v", err)
	}
	if err := <-answer; err == nil {
		t.Error("the request was answered")
	}
}

func TestListenNamesTheSetting(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	inUse := taken.Addr().String()
	tests := []struct{ addr, want string }{
		{inUse, "start web: " + inUse + " is in use by another process: stop it or change HTTP_ADDR: "},
		{"127.0.0.1", `start web: cannot listen on "127.0.0.1", the value of HTTP_ADDR: `},
		{"127.0.0.1:99999", `start web: cannot listen on "127.0.0.1:99999", the value of HTTP_ADDR: `},
	}
	for _, tt := range tests {
		var g Group
		g.Add(HTTPServer("web", new(http.Server), Address{Setting: "HTTP_ADDR", Addr: tt.addr}))
		if err := g.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.addr, err, tt.want)
		}
	}
}

// A server may not have begun to serve when it is stopped; its port must be
// free again all the same.
func TestHTTPServerStoppedBeforeItServes(t *testing.T) {
	t.Parallel()
	var (
		g     Group
		bound string
	)
	g.Add(HTTPServer("web", new(http.Server), Address{
		Setting: "HTTP_ADDR", Addr: "127.0.0.1:0", Bound: func(a net.Addr) { bound = a.String() },
	}), Component{
		Name:  "saboteur",
		Start: func(context.Context) error { return errors.New("boom") },
	})
	if err := g.Run(t.Context()); err == nil || err.Error() != "start saboteur: boom" {
		t.Errorf("Run: %v", err)
	}
	ln, err := Address{Setting: "HTTP_ADDR", Addr: bound}.Listen(t.Context())
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	_ = ln.Close()
}
