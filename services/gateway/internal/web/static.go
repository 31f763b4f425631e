package web

import (
	"bytes"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mediaTypes are those that the machine's own table may not know or get wrong.
// Whoever asks for a file of such a kind that is not there wants no page instead.
var mediaTypes = map[string]string{
	".avif":        "image/avif",
	".css":         "text/css; charset=utf-8",
	".gif":         "image/gif",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".mp3":         "audio/mpeg",
	".mp4":         "video/mp4",
	".ogg":         "audio/ogg",
	".otf":         "font/otf",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".task":        "application/octet-stream", // models of background effects
	".tflite":      "application/octet-stream",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".wav":         "audio/wav",
	".webm":        "video/webm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xml":         "text/xml; charset=utf-8",
}

// notOffered are paths, or beginnings of such, that the contract's original
// serves to machines, or that have a meaning everywhere. Who asks there must not be
// told 200 with a page.
var notOffered = []string{".well-known/", "media/", "jwks", "__version__", "__heartbeat__", "__lbheartbeat__"}

// belongsToApp reports whether a path that is no file may be one of the app's own.
// Below /assets none is: most names there carry a hash, a missing one is an old
// page's, and must not be cached as something else.
func belongsToApp(name string) bool {
	if extension := strings.ToLower(path.Ext(name)); extension != ".html" && mediaTypes[extension] != "" {
		return false
	}
	return !strings.HasPrefix(name, builtFiles) && !slices.ContainsFunc(notOffered, func(path string) bool {
		return name == path || strings.HasSuffix(path, "/") && strings.HasPrefix(name, path)
	})
}

// isHidden reports whether a path leads through a name that begins with a dot.
// Such files come into a directory by accident; .well-known is for visitors.
func isHidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return strings.HasPrefix(part, ".") && part != ".well-known"
	})
}

// static serves a built single-page app: its files, and index.html for every
// path of its own.
type static struct {
	assets *assets
	csp    string
}

func newStatic(files fs.FS, csp string) http.Handler {
	return &static{assets: newAssets(files), csp: csp}
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
	if name != "" && name != "index.html" {
		if !isHidden(name) && s.serve(w, r, name) == nil {
			return
		}
		if isHidden(name) || !belongsToApp(name) {
			// While replicas are replaced, an old one may be asked for a new one's file.
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
	}
	if err := s.serve(w, r, "index.html"); err != nil {
		http.Error(w, "The frontend has no index.html.", http.StatusNotFound)
	}
}

// serve answers with a file, or returns an error before anything is written.
// What a client has is known by its content alone: a build may carry one fixed
// time in all files.
func (s *static) serve(w http.ResponseWriter, r *http.Request, name string) error {
	kind := mediaType(name)
	file, a, err := s.assets.open(name, isCompressible(kind))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	header := w.Header()
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	header.Set("Cache-Control", "no-cache")
	if isHashed(name) {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.HasSuffix(name, ".html") {
		header.Set("Content-Security-Policy", s.csp)
	}
	if a.zipped != nil {
		header.Set("Vary", "Accept-Encoding")
	}
	waitFor(w, a.size)
	if a.zipped != nil && acceptsGzip(r) && r.Header.Get("Range") == "" {
		header.Set("ETag", `"`+a.tag+`-gzip"`)
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(a.zipped)))
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.zipped))
		return nil
	}
	header.Set("ETag", `"`+a.tag+`"`)
	http.ServeContent(w, r, name, time.Time{}, file)
	return nil
}

const (
	// leastTime and leastRate are what a client may take for a file: the time, and a
	// second for so many bytes. The models of background effects are ten megabytes,
	// for which slow lines need more than the server grants to other answers.
	leastTime = time.Minute
	leastRate = 16 << 10
)

// waitFor grants the time for an answer of a size.
func waitFor(w http.ResponseWriter, size int64) {
	until := time.Now().Add(leastTime + time.Duration(size/leastRate)*time.Second)
	_ = http.NewResponseController(w).SetWriteDeadline(until) // else the server's own time is left
}

func mediaType(name string) string {
	extension := strings.ToLower(path.Ext(name))
	if known, ok := mediaTypes[extension]; ok {
		return known
	}
	return mime.TypeByExtension(extension)
}

// isCompressible reports whether content of the type gets smaller by gzip.
func isCompressible(kind string) bool {
	switch kind, _, _ = strings.Cut(kind, ";"); kind {
	case "application/json", "application/manifest+json", "application/wasm", "image/svg+xml":
		return true
	default:
		return strings.HasPrefix(kind, "text/")
	}
}

// acceptsGzip reports whether the client takes gzip.
func acceptsGzip(r *http.Request) bool {
	others := false
	for item := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(item, ";")
		taken := true
		if _, weight, ok := strings.Cut(params, "q="); ok {
			q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
			taken = err == nil && q > 0
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			return taken
		case "*":
			others = taken
		}
	}
	return others
}
