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

// notice is what the page of an error shows, in Language.
type notice struct {
	Language, Title, Heading, Text, Back string
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

// page answers a person with an English text, translated.
func (f failures) page(w http.ResponseWriter, r *http.Request, status int, text string) {
	language := languageOf(r)
	speaks(w, language)
	say := func(english string) string { return f.texts.In(language, english) }
	writePage(w, status, errorPage, notice{
		Language: language, Title: say("Not logged in"), Heading: say("That did not work"), Text: say(text), Back: say("Back to the start"),
	})
}
