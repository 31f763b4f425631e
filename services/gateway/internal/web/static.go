package web

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// mediaTypes are those that the machine's own table may not know or get wrong.
var mediaTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".mp3":         "audio/mpeg",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
}

// notOffered are paths, or beginnings of such, that the contract's original
// serves to machines. Who asks there must not be told 200 with a page.
var notOffered = []string{"media/", "jwks", "__version__", "__heartbeat__", "__lbheartbeat__"}

// belongsToApp reports whether a path that is no file may be one of the app's own.
// Below /assets none is: the names there carry a hash, a missing one is an old
// page's, and must not be cached as something else.
func belongsToApp(name string) bool {
	return !strings.HasPrefix(name, "assets/") && !slices.ContainsFunc(notOffered, func(path string) bool {
		return name == path || strings.HasSuffix(path, "/") && strings.HasPrefix(name, path)
	})
}

// static serves a built single-page app: its files, and index.html for every
// path of its own.
type static struct {
	files fs.FS
	csp   string
}

func newStatic(files fs.FS, csp string) http.Handler {
	return gzhttp.GzipHandler(&static{files: files, csp: csp})
}

// ServeHTTP implements http.Handler.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := notesOf(r.Context())
	n.route, n.quiet = "GET files", true
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	assets := strings.HasPrefix(name, "assets/")
	if name != "" && name != "index.html" {
		if err := s.serve(w, r, name, assets); err == nil {
			return
		}
		if !belongsToApp(name) {
			http.NotFound(w, r)
			return
		}
	}
	if err := s.serve(w, r, "index.html", false); err != nil {
		http.Error(w, "The frontend has no index.html.", http.StatusNotFound)
	}
}

// serve answers with a file, or returns an error before anything is written.
func (s *static) serve(w http.ResponseWriter, r *http.Request, name string, forever bool) error {
	file, err := s.files.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	content, ok := file.(io.ReadSeeker)
	if !ok {
		raw, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		content = bytes.NewReader(raw)
	}
	header := w.Header()
	if kind := mediaType(name); kind != "" {
		header.Set("Content-Type", kind)
	}
	header.Set("Cache-Control", "no-cache")
	modified := info.ModTime()
	if forever {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.HasSuffix(name, ".html") {
		header.Set("Content-Security-Policy", s.csp)
		// A build may carry one fixed time in all files, so time proves nothing about pages.
		modified = time.Time{}
	}
	http.ServeContent(w, r, name, modified, content)
	return nil
}

func mediaType(name string) string {
	extension := strings.ToLower(path.Ext(name))
	if known, ok := mediaTypes[extension]; ok {
		return known
	}
	return mime.TypeByExtension(extension)
}
