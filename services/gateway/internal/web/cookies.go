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
	lobbyCookie   = "lobbyParticipantId"
	csrfMaxAge    = 31449600 // seconds; a year of 52 weeks
)

// maxPass is more than any pass is long.
const maxPass = 256

// cookies writes the cookies of browsers.
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

// lobby keeps the browser's pass for lobbies until the browser ends.
func (c cookies) lobby(w http.ResponseWriter, pass string) {
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- Secure is a setting
		Name: lobbyCookie, Value: pass, Path: "/", HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

// lobbyPass returns the pass that lobby kept; empty for none.
func lobbyPass(r *http.Request) string {
	cookie, err := r.Cookie(lobbyCookie)
	if err != nil || len(cookie.Value) > maxPass {
		return ""
	}
	return cookie.Value
}
