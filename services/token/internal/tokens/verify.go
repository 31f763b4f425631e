package tokens

import (
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
)

// leeway allows for clocks that differ; it is LiveKit's own.
const leeway = time.Minute

// Verified is what a good token says.
type Verified struct {
	// Room that the token opens; empty when it opens none.
	Room     string
	Identity string
	Name     string
	// Admin says that the bearer moderates Room.
	Admin   bool
	Expires time.Time
}

// errAlgorithm and errNoSubject are causes that the JWT library has no error for.
var (
	errAlgorithm = errors.New("algorithm")
	errNoSubject = errors.New("no subject")
)

// Verify checks signature, issuer and times. Errors: TOKEN_INVALID, with the
// cause in the words of the REST contract.
func (a *Authority) Verify(token string) (Verified, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, a.secretFor,
		jwt.WithIssuer(a.key), jwt.WithExpirationRequired(),
		jwt.WithLeeway(leeway), jwt.WithTimeFunc(a.clock.Now))
	if err == nil && c.Subject == "" {
		err = errNoSubject
	}
	if err != nil {
		return Verified{}, invalid(cause(token, err), err)
	}
	v := Verified{Identity: c.Subject, Name: c.Name, Expires: c.ExpiresAt.UTC()}
	if c.Video.RoomJoin && c.Video.Room != "" {
		v.Room, v.Admin = c.Video.Room, c.Video.RoomAdmin
	}
	return v, nil
}

// secretFor refuses any algorithm but ours before a signature is looked at.
func (a *Authority) secretFor(t *jwt.Token) (any, error) {
	if t.Method != jwt.SigningMethodHS256 {
		return nil, errAlgorithm
	}
	return []byte(a.secret.Reveal()), nil
}

func invalid(text string, err error) error {
	e := apierr.New(apierr.TokenInvalid, "Invalid LiveKit token: %s", text)
	e.Cause = err
	return e
}

// cause names what is wrong with a token. A token may be wrong in several
// ways; the first that applies is named.
func cause(token string, err error) string {
	switch {
	case strings.Count(token, ".") < 2:
		return "Not enough segments"
	case errors.Is(err, errAlgorithm):
		return "The specified alg value is not allowed"
	case errors.Is(err, jwt.ErrTokenMalformed):
		return "Invalid token"
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return "Signature verification failed"
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return "The token is not yet valid (nbf)"
	case errors.Is(err, jwt.ErrTokenExpired):
		return "Signature has expired"
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return "Invalid issuer"
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return "A required claim is missing"
	case errors.Is(err, errNoSubject):
		return `Token is missing the "sub" claim`
	default:
		return "Invalid token"
	}
}
