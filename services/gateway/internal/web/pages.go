package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages/*.html
var pageFiles embed.FS

// Names of our own pages.
const (
	loginPage   = "login.html"
	errorPage   = "error.html"
	landingPage = "landing.html"
)

// loginForm is what the development log-in's page shows.
type loginForm struct {
	Action, Parameter, ReturnTo string
}

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// writePage answers with one of our own pages.
func writePage(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may have gone
}
