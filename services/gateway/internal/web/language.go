package web

import (
	"net/http"

	"golang.org/x/text/language"
)

// languages are those that people are answered in; others get the first.
var languages = []language.Tag{language.English, language.French, language.Dutch, language.German}

var matcher = language.NewMatcher(languages)

// languageOf returns the language that a request wants: en, fr, nl or de.
func languageOf(r *http.Request) string {
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return languages[i].String()
}
