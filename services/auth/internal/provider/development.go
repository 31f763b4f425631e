package provider

import (
	"context"
	"crypto/subtle"
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Development lets anyone in as the e-mail of the login hint, without a
// password. It sends browsers to loopback addresses only, so that a suite that
// was left in development by mistake lets nobody in from elsewhere.
type Development struct{}

const (
	maxEmail     = 254
	maxLocalPart = 64 // RFC 5321; also keeps the name within its limit
)

// AuthorizationURL sends the browser straight back: with a code when a person
// is named, by the hint or for a silent attempt by the session, else with
// error=login_required.
func (Development) AuthorizationURL(_ context.Context, attempt *Attempt, known string) (string, error) {
	back, err := url.Parse(attempt.RedirectURI)
	if err != nil || !config.IsLoopback(back.Hostname()) {
		return "", apierr.InvalidField("redirect_uri", "loopback",
			"The development log-in works on loopback addresses only.")
	}
	if attempt.LoginHint == "" && attempt.Silent {
		attempt.LoginHint = known
	}
	query := back.Query()
	query.Set("state", attempt.State)
	if attempt.LoginHint == "" {
		query.Set("error", "login_required")
	} else {
		if !validEmail(attempt.LoginHint) {
			return "", apierr.InvalidField("login_hint", "invalid", "Enter a valid email address.")
		}
		attempt.Code = randomText(24)
		query.Set("code", attempt.Code)
	}
	back.RawQuery = query.Encode()
	return back.String(), nil
}

// Exchange returns the person of the attempt.
func (Development) Exchange(_ context.Context, attempt Attempt, code string) (Login, error) {
	if attempt.Code == "" || subtle.ConstantTimeCompare([]byte(attempt.Code), []byte(code)) != 1 {
		return Login{}, apierr.New(apierr.LoginRefused, "")
	}
	return Login{Claims: developmentClaims(attempt.LoginHint)}, nil
}

// EndSessionURL returns none: there is no session at this provider.
func (Development) EndSessionURL(context.Context, string, string, string) (string, error) {
	return "", nil
}

// VerifyLogout refuses: this provider sends no logout tokens.
func (Development) VerifyLogout(context.Context, string) (Logout, error) {
	return Logout{}, apierr.New(apierr.LogoutTokenInvalid, "")
}

func validEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || address.Name != "" || len(text) > maxEmail {
		return false
	}
	local, domain, _ := strings.Cut(text, "@")
	return len(local) <= maxLocalPart && strings.Contains(strings.Trim(domain, "."), ".")
}

// developmentSubs is the UUID namespace of development subs. It is a name for
// ever: another one would make every developer a new user.
const developmentSubs = "https://github.com/parleymeet/parley/development-login"

// developmentClaims derives a person from an e-mail, always the same one.
func developmentClaims(email string) users.Claims {
	email = strings.ToLower(email)
	local, _, _ := strings.Cut(email, "@")
	name, _, _ := strings.Cut(local, "+")
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToTitle(first)) + word[size:]
	}
	if len(words) == 0 {
		words = []string{local}
	}
	namespace := uuid.NewSHA1(uuid.NameSpaceURL, []byte(developmentSubs))
	return users.Claims{
		Sub:       uuid.NewSHA1(namespace, []byte(email)).String(),
		Email:     email,
		FullName:  strings.Join(words, " "),
		ShortName: words[0],
	}
}
