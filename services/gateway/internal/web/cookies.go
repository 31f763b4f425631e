package web

import (
	"crypto/rand"
	"net/http"
	"time"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
)

const (
	sessionCookie = "sessionid"
	csrfCookie    = "csrftoken"
	csrfMaxAge    = 31449600 // seconds; a year of 52 weeks
)

// cookies writes the two cookies of a logged-in browser.
type cookies struct {
	secure bool
}

// session keeps the browser's session.
func (c cookies) session(w http.ResponseWriter, s *authv1.Session) {
	if s == nil {
		return
	}
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- Secure is a setting; the page must read the CSRF token
		Name: sessionCookie, Value: s.GetToken(), Path: "/", MaxAge: int(s.GetMaxAge().AsDuration() / time.Second),
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

// csrf gives the page a new token. The page reads it, so it is not HttpOnly,
// and cuts it at "=", so it is alphanumeric.
func (c cookies) csrf(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- Secure is a setting; the page must read the CSRF token
		Name: csrfCookie, Value: (rand.Text() + rand.Text())[:csrfLength], Path: "/", MaxAge: csrfMaxAge,
		Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

// forget ends the browser's session.
func (c cookies) forget(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- Secure is a setting; the page must read the CSRF token
		Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}
