package web

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/gzip"
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

// TestHashed: only a name that Vite made is kept for good. Examples are from a build
// of La Suite Meet's frontend.
func TestHashed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"assets/index-DFk0XVDx.js":                                       true,
		"assets/module-_Gs5R4Wd.js":                                      true,
		"assets/dist-BsDhg-B6.js":                                        true,
		"assets/opendyslexic-latin-400-normal-BRMVKbCA.woff2":            true,
		"assets/site-Dc3u7brU.webmanifest":                               true,
		"assets/main.8f3b2c1d.js":                                        true,
		"assets/logo.svg":                                                false,
		"assets/logo-suite-numerique.png":                                false,
		"assets/proconnect-button-hovered.svg":                           false,
		"assets/reactions/face-with-tears-of-joy.png":                    false,
		"assets/camera_mic_permission.svg":                               false,
		"assets/logo-official.svg":                                       false, // eight letters
		"assets/backgrounds/1.jpg":                                       false,
		"assets/mediapipe/models/selfie_segmenter_landscape.tflite":      false,
		"assets/mediapipe/wasm/0.10.14/vision_wasm_nosimd_internal.wasm": false,
		"assets/dir-DFk0XVDx/logo.svg":                                   false,
		"assets/-DFk0XVD.js":                                             false,
		"assets/a-DFk0 VDx.js":                                           false,
		"assets/a-é0XVDxA.js":                                            false,
		"index-DFk0XVDx.js":                                              false,
		"assets":                                                         false,
		"assets/":                                                        false,
		"assets/.js":                                                     false,
	} {
		if got := isHashed(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

// TestCompressionTime: who comes first waits for the compression, of text with many
// repetitions too, on which the best one takes a hundred times as long.
func TestCompressionTime(t *testing.T) {
	t.Parallel()
	var script []byte
	for i := uint32(1); len(script) < 256<<10; i = i*1664525 + 1013904223 {
		script = fmt.Appendf(script, "f(%d);", i>>26)
	}
	took := func(compress func() error) time.Duration {
		begin := time.Now()
		if err := compress(); err != nil {
			t.Fatal(err)
		}
		return time.Since(begin)
	}
	ours := took(func() error {
		zipped, err := zip(bytes.NewReader(script))
		if err == nil && len(zipped) > len(script)/3 {
			t.Errorf("%d of %d bytes are left", len(zipped), len(script))
		}
		return err
	})
	best := took(func() error {
		writer, err := gzip.NewWriterLevel(io.Discard, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = writer.Write(script)
		return errors.Join(err, writer.Close())
	})
	if ours > best/4 {
		t.Errorf("%v, the best compression %v", ours, best)
	}
}
