package identity

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
)

func TestApplicationAssertions(t *testing.T) {
	signer := newSigner(t, "k1")
	v := NewVerifier("room", func(context.Context) ([]Key, error) {
		return []Key{signer.public(noon.Add(time.Hour))}, nil
	}, func() time.Time { return noon })
	app := Application{ID: "client", Scopes: []Scope{ScopeRoomsList}}
	plain := ada
	plain.Operator = false
	for name, user := range map[string]*User{"for itself": nil, "for a user": &plain, "for an operator": &ada} {
		signed, err := signer.SignApplication(app, user, "room", noon)
		if err != nil {
			t.Fatal(err)
		}
		want := &Principal{Application: &app}
		if user != nil {
			want.User = &plain // never as an operator
		}
		if got, err := v.Verify(t.Context(), signed); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		// Who looks for a user as in users' assertions must find none.
		var c struct {
			jwt.RegisteredClaims
			Sub string `json:"oidc_sub"`
		}
		if _, _, err := jwt.NewParser().ParseUnverified(signed, &c); err != nil || c.Sub != "" || c.Subject != app.ID {
			t.Errorf("%s: claims %+v, %v", name, c, err)
		}
	}
	odd := map[string]claims{
		"user and application at once": {person: person{OIDCSub: "s"}, Application: &machine{}},
		"for nobody":                   {Application: &machine{For: &delegator{}}},
		"for an operator":              {Application: &machine{For: &delegator{ID: "u", person: person{OIDCSub: "s", Operator: true}}}},
	}
	for name, c := range odd {
		c.RegisteredClaims = registered("client", "room", noon)
		signed, err := signer.sign(c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Verify(t.Context(), signed); !apierr.Has(err, apierr.Unauthenticated) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestScopes(t *testing.T) {
	for _, name := range Scopes() {
		if scope, ok := ParseScope(name); !ok || string(scope) != name {
			t.Errorf("%s: %s, %v", name, scope, ok)
		}
	}
	if scope, ok := ParseScope("Rooms:LIST"); !ok || scope != ScopeRoomsList || !scope.Delegated() {
		t.Errorf("%s, %v", scope, ok)
	}
	if _, ok := ParseScope("rooms:delete"); ok || Scope("rooms:delete").Delegated() {
		t.Error("an unknown scope was taken")
	}
	if ScopeResolve.Delegated() {
		t.Error("bridges act for themselves")
	}
}
