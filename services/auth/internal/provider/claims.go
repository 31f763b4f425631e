package provider

import (
	"strings"

	"github.com/parleymeet/parley/services/auth/internal/users"
)

// ClaimRules say how a person is read from the claims of a provider.
type ClaimRules struct {
	// FullName are the claims that make the full name, joined by spaces.
	FullName []string
	// ShortName is the claim that is the short name.
	ShortName string
	// Essential claims must be there and not be empty.
	Essential []string
	// Operator is the claim that marks operators of the suite, when it is true;
	// empty for none.
	Operator string
}

// read returns the person. Errors: ErrMissingClaims.
func (r ClaimRules) read(claims map[string]any) (users.Claims, error) {
	for _, name := range append([]string{"sub"}, r.Essential...) {
		if value, ok := claims[name]; !ok || value == nil || value == "" {
			return users.Claims{}, ErrMissingClaims
		}
	}
	var words []string
	for _, name := range r.FullName {
		if word := text(claims, name); word != "" {
			words = append(words, word)
		}
	}
	c := users.Claims{
		Sub:       text(claims, "sub"),
		Email:     text(claims, "email"),
		FullName:  strings.Join(words, " "),
		ShortName: text(claims, r.ShortName),
	}
	if verified, told := claims["email_verified"]; told && verified != true && verified != "true" {
		c.Email = "" // anyone may claim any: it must make nobody an operator or somebody else
	}
	if r.Operator != "" {
		c.Operator, _ = claims[r.Operator].(bool)
	}
	if c.Sub == "" {
		return users.Claims{}, ErrMissingClaims // there, but no string
	}
	return c, nil
}

func text(claims map[string]any, name string) string {
	value, _ := claims[name].(string)
	return strings.TrimSpace(value)
}
