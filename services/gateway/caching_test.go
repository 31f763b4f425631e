package gateway

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fetched is an answer as it came, not unzipped.
type fetched struct {
	status int
	header http.Header
	body   string
}

func fetch(t *testing.T, g *rig, method, path string, headers ...string) fetched {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{resp.StatusCode, resp.Header, string(body)}
}

// write puts a file there with a fixed time, as reproducible builds do.
func write(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestCaching: who has a file is not sent it again, and who has an old one is not
// told that it is the new one, also where a build changes neither time nor size.
func TestCaching(t *testing.T) {
	dir := t.TempDir()
	script := strings.Repeat("console.log('hello');\n", 400)
	for name, content := range map[string]string{"index.html": "<p>one</p>", "manifest.json": `{"a":1}`, "assets/a-B3_x-Ab1.js": script, "in.mp3": "0123456789"} {
		write(t, dir, name, content)
	}
	g := start(t, "FRONTEND_DIR="+dir)
	for path, changed := range map[string]string{"/": "<p>two</p>", "/manifest.json": `{"a":2}`} {
		first := fetch(t, g, "GET", path)
		tag := first.header.Get("ETag")
		if first.status != 200 || len(tag) < 20 || first.header.Get("Last-Modified") != "" {
			t.Fatalf("%s: %d %v", path, first.status, first.header)
		}
		again := fetch(t, g, "GET", path, "If-None-Match", tag)
		if again.status != 304 || again.body != "" || again.header.Get("Cache-Control") != "no-cache" || again.header.Get("ETag") != tag {
			t.Errorf("%s again: %d %v", path, again.status, again.header)
		}
		name := strings.TrimPrefix(path, "/")
		if name == "" {
			name = "index.html"
		}
		write(t, dir, name, changed)
		if got := fetch(t, g, "GET", path, "If-None-Match", tag, "If-Modified-Since", time.Now().UTC().Format(http.TimeFormat)); got.status != 200 || got.body != changed {
			t.Errorf("%s after a new build: %d %q", path, got.status, got.body)
		}
	}
	if got := fetch(t, g, "GET", "/in.mp3", "Range", "bytes=2-4"); got.status != 206 || got.body != "234" || got.header.Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("range: %d %q %v", got.status, got.body, got.header)
	}
	if got := fetch(t, g, "GET", "/in.mp3", "Range", "bytes=20-"); got.status != 416 || got.header.Get("Content-Range") != "bytes */10" {
		t.Errorf("range behind the end: %d %v", got.status, got.header)
	}
}

func TestCompression(t *testing.T) {
	dir := t.TempDir()
	script := strings.Repeat("console.log('hello');\n", 4000)
	for name, content := range map[string]string{"index.html": "<p>app</p>", "assets/a-B3_x-Ab1.js": script, "big.json": `"` + script + `"`, "in.mp3": script} {
		write(t, dir, name, content)
	}
	g := start(t, "FRONTEND_DIR="+dir)
	plain := fetch(t, g, "GET", "/assets/a-B3_x-Ab1.js")
	if plain.body != script || plain.header.Get("Content-Encoding") != "" || plain.header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("plain: %v", plain.header)
	}
	var crowd sync.WaitGroup
	for range 8 {
		crowd.Go(func() {
			if got := fetch(t, g, "GET", "/big.json", "Accept-Encoding", "gzip"); unzip(t, got.body) != `"`+script+`"` {
				t.Error("the crowd gets another file")
			}
		})
	}
	crowd.Wait()
	for accepts, zipped := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "*": true, "gzip;q=0, *": false, "br": false, "identity": false, "*;q=0": false, "gzip;q=x": false,
	} {
		got := fetch(t, g, "GET", "/assets/a-B3_x-Ab1.js", "Accept-Encoding", accepts)
		head := fetch(t, g, "HEAD", "/assets/a-B3_x-Ab1.js", "Accept-Encoding", accepts)
		body := got.body
		if zipped {
			body = unzip(t, got.body)
		}
		if (got.header.Get("Content-Encoding") == "gzip") != zipped || body != script || got.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", accepts, got.header)
		}
		if length := strconv.Itoa(len(got.body)); got.header.Get("Content-Length") != length || head.header.Get("Content-Length") != length || head.header.Get("ETag") != got.header.Get("ETag") {
			t.Errorf("%q: %s bytes: %v, HEAD %v", accepts, length, got.header, head.header)
		}
		if same := got.header.Get("ETag") == plain.header.Get("ETag"); same == zipped {
			t.Errorf("%q: tag %s, plain %s", accepts, got.header.Get("ETag"), plain.header.Get("ETag"))
		}
		if again := fetch(t, g, "GET", "/assets/a-B3_x-Ab1.js", "Accept-Encoding", accepts, "If-None-Match", got.header.Get("ETag")); again.status != 304 || again.header.Get("Content-Encoding") != "" {
			t.Errorf("%q again: %d %v", accepts, again.status, again.header)
		}
	}
	if got := fetch(t, g, "GET", "/assets/a-B3_x-Ab1.js", "Accept-Encoding", "gzip", "Range", "bytes=0-6"); got.status != 206 || got.body != script[:7] || got.header.Get("Content-Encoding") != "" {
		t.Errorf("range: %d %q %v", got.status, got.body, got.header)
	}
	for _, path := range []string{"/", "/in.mp3"} { // too small, and of a kind that is compressed already
		if got := fetch(t, g, "GET", path, "Accept-Encoding", "gzip"); got.header.Get("Content-Encoding") != "" || got.header.Get("Vary") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
}

func unzip(t *testing.T, zipped string) string {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader([]byte(zipped)))
	if err != nil {
		t.Errorf("not gzip: %v", err)
		return ""
	}
	raw, err := io.ReadAll(reader)
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}
