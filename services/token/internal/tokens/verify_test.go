package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/token/internal/tokens"
)

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	signed, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestVerify(t *testing.T) {
	fake := clock.NewFake(noon)
	a := tokens.NewAuthority(apiKey, apiSecret, fake)
	token := person(t, a, true, "camera")
	good := tokens.Verified{Room: room, Identity: "user-1", Name: "Ada Lovelace", Admin: true, Expires: noon.Add(tokens.DefaultLifetime)}

	for name, at := range map[string]time.Time{
		"new": noon, "just before": noon.Add(-time.Minute), "just after": good.Expires.Add(59 * time.Second),
	} {
		fake.Set(at)
		if got, err := a.Verify(token); err != nil || got != good {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	fake.Set(noon)
	if got, err := a.Verify(phone(t, a, true)); err != nil || got.Identity != "sip_1" || got.Admin || got.Room != room {
		t.Errorf("phone: got %+v, %v", got, err)
	}
}

func TestVerifyForeign(t *testing.T) {
	a := tokens.NewAuthority(apiKey, apiSecret, clock.NewFake(noon))
	exp := noon.Add(time.Hour).Unix()
	token := sign(t, jwt.SigningMethodHS256, []byte(apiSecret), jwt.MapClaims{
		"iss": apiKey, "sub": "u", "exp": exp,
		"video":      map[string]any{"room": room, "roomAdmin": true},
		"attributes": map[string]any{"room_role": nil},
	})
	got, err := a.Verify(token)
	if err != nil || got.Identity != "u" || got.Room != "" || got.Admin {
		t.Fatalf("a token that joins no room: got %+v, %v", got, err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	fake := clock.NewFake(noon)
	a := tokens.NewAuthority(apiKey, apiSecret, fake)
	token := person(t, a, false)
	secret, exp := []byte(apiSecret), noon.Add(time.Hour).Unix()
	cases := map[string]struct {
		token string
		after time.Duration
		want  string
	}{
		"empty":       {"", 0, "Not enough segments"},
		"two parts":   {"a.b", 0, "Not enough segments"},
		"garbage":     {"a.b.c", 0, "Invalid token"},
		"tampered":    {token[:strings.LastIndex(token, ".")] + ".AAAA", 0, "Signature verification failed"},
		"forged":      {sign(t, jwt.SigningMethodHS256, []byte("another"), jwt.MapClaims{"iss": apiKey, "sub": "u", "exp": exp}), 0, "Signature verification failed"},
		"algorithm":   {sign(t, jwt.SigningMethodHS512, secret, jwt.MapClaims{"iss": apiKey, "sub": "u", "exp": exp}), 0, "The specified alg value is not allowed"},
		"none":        {sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, jwt.MapClaims{"iss": apiKey, "sub": "u", "exp": exp}), 0, "The specified alg value is not allowed"},
		"expired":     {token, tokens.DefaultLifetime + 61*time.Second, "Signature has expired"},
		"early":       {token, -61 * time.Second, "The token is not yet valid (nbf)"},
		"other key":   {sign(t, jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": "other", "sub": "u", "exp": exp}), 0, "Invalid issuer"},
		"for ever":    {sign(t, jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": apiKey, "sub": "u"}), 0, "A required claim is missing"},
		"no identity": {sign(t, jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": apiKey, "exp": exp}), 0, `Token is missing the "sub" claim`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fake.Set(noon.Add(c.after))
			got, err := a.Verify(c.token)
			if !apierr.Has(err, apierr.TokenInvalid) || got != (tokens.Verified{}) {
				t.Fatalf("got %+v, %v", got, err)
			}
			if text := apierr.From(err).PublicText(); text != "Invalid LiveKit token: "+c.want {
				t.Errorf("text %q, want %q", text, c.want)
			}
		})
	}
}
