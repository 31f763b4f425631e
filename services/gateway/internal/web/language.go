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

// speaks says in which language an answer is, and that it might be in another.
func speaks(w http.ResponseWriter, language string) {
	w.Header().Set("Content-Language", language)
	w.Header().Add("Vary", "Accept-Language")
}

// translated returns the body of an error with every text put through say.
// Faults of closed schemas stay as they are, in the words of their library.
func translated(body any, say func(string) string) any {
	switch b := body.(type) {
	case map[string]string:
		return each(b, say)
	case []string:
		said := make([]string, len(b))
		for i, text := range b {
			said[i] = say(text)
		}
		return said
	case map[string][]string:
		return each(b, func(list []string) any { return translated(list, say) })
	case map[string]any:
		return each(b, func(inner any) any { return translated(inner, say) })
	default:
		return body
	}
}

func each[T, U any](values map[string]T, change func(T) U) map[string]U {
	changed := make(map[string]U, len(values))
	for key, value := range values {
		changed[key] = change(value)
	}
	return changed
}
