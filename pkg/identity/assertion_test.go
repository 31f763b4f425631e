package identity

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func newSigner(t *testing.T, id string) Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Signer{KeyID: id, Key: private}
}

func (s Signer) public(until time.Time) Key {
	return Key{ID: s.KeyID, Public: s.Key.Public().(ed25519.PublicKey), Expires: until}
}

var ada = User{ID: "u-1", Sub: "s-1", Email: "ada@example.org", FullName: "Ada Lovelace", ShortName: "Ada", Operator: true}

func TestVerify(t *testing.T) {
	good, forger, old := newSigner(t, "k1"), newSigner(t, "k1"), newSigner(t, "k0")
	source := func(context.Context) ([]Key, error) {
		return []Key{good.public(noon.Add(time.Hour)), old.public(noon.Add(-time.Second))}, nil
	}
	sign := func(s Signer, audience string, at time.Time) string {
		signed, err := s.Sign(ada, audience, at)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{
		"iss": issuer, "aud": "room", "sub": "u-1", "oidc_sub": "s-1", "exp": noon.Add(time.Hour).Unix(),
	}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		assertion string
		ok        bool
	}{
		"good":             {sign(good, "room", noon), true},
		"nearly expired":   {sign(good, "room", noon.Add(-Lifetime)), true},
		"expired":          {sign(good, "room", noon.Add(-Lifetime-leeway)), false},
		"from the future":  {sign(good, "room", noon.Add(time.Minute)), false},
		"for another":      {sign(good, "telephony", noon), false},
		"forged key":       {sign(forger, "room", noon), false},
		"key expired":      {sign(old, "room", noon), false},
		"unknown key":      {sign(newSigner(t, "k9"), "room", noon), false},
		"algorithm none":   {none, false},
		"not a token":      {"x.y.z", false},
		"tampered payload": {sign(good, "room", noon)[:40] + "A" + sign(good, "room", noon)[41:], false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := NewVerifier("room", source, func() time.Time { return noon }).Verify(t.Context(), c.assertion)
			if c.ok && (err != nil || *got.User != ada || got.Application != nil) {
				t.Fatalf("got %v, %v", got, err)
			}
			if !c.ok && !apierr.Has(err, apierr.Unauthenticated) {
				t.Fatalf("got %v, %v", got, err)
			}
		})
	}
}

func TestVerifyWhileAuthIsAway(t *testing.T) {
	first, second := newSigner(t, "k1"), newSigner(t, "k2")
	now, away, asked := noon, true, 0
	keys := []Key{first.public(noon.Add(time.Hour))} //nolint:prealloc // grows by one, later
	v := NewVerifier("room", func(context.Context) ([]Key, error) {
		asked++
		if away {
			return nil, errors.New("auth is away")
		}
		return keys, nil
	}, func() time.Time { return now })
	assertion, err := first.Sign(ada, "room", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), assertion); !apierr.Has(err, apierr.Unavailable) {
		t.Fatalf("without keys: %v", err)
	}
	away = false
	if _, err := v.Verify(t.Context(), assertion); err != nil {
		t.Fatalf("auth is back: %v", err)
	}
	away = true
	if _, err := v.Verify(t.Context(), assertion); err != nil {
		t.Fatalf("known key, auth away: %v", err)
	}

	// A new key is found; forged key ids ask at most once a second.
	away, asked, keys = false, 0, append(keys, second.public(noon.Add(time.Hour)))
	now = now.Add(2 * time.Second)
	rotated, err := second.Sign(ada, "room", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), rotated); err != nil {
		t.Fatalf("after rotation: %v", err)
	}
	forged, err := newSigner(t, "k9").Sign(ada, "room", now)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := v.Verify(t.Context(), forged); !apierr.Has(err, apierr.Unauthenticated) {
			t.Fatalf("forged: %v", err)
		}
	}
	if asked != 1 {
		t.Fatalf("asked %d times", asked)
	}
}
