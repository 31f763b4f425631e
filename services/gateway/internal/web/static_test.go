package web

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"
)

// TestSlowClient: a file goes on for longer than the server grants to answers.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	model := make([]byte, 32<<20)
	_, _ = rand.Read(model) // never fails, says crypto/rand
	server := httptest.NewUnstartedServer(newStatic(fstest.MapFS{"models/effects.tflite": {Data: model}}, ""))
	const granted = 300 * time.Millisecond
	server.Config.WriteTimeout = granted
	server.Start()
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/models/effects.tflite", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	time.Sleep(2 * granted) // the line is stuck, and buffers between the two are full
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != int64(len(model)) {
		t.Errorf("%d of %d bytes: %v", n, len(model), err)
	}
}
