package applications

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// Names of the fields, as in requests and in violations.
const (
	FieldName    = "name"
	FieldActive  = "active"
	FieldScopes  = "scopes"
	FieldDomains = "allowed_domains"
)

const (
	maxName    = 255
	maxDomain  = 253
	maxDomains = 100
	maxEmail   = 254
)

// Draft is what an operator says about an application; nil fields are not said.
type Draft struct {
	Name    *string
	Active  *bool
	Scopes  *[]string
	Domains *[]string
	// ValidateOnly makes what is done with the draft fail as it would, and do
	// nothing else.
	ValidateOnly bool
}

// change checks the draft and reports everything that is wrong at once.
func (d Draft) change() (Change, error) {
	change := Change{Active: d.Active}
	var wrong []apierr.Violation
	if d.Name != nil {
		name, fault := parseName(*d.Name)
		change.Name, wrong = &name, append(wrong, fault...)
	}
	if d.Scopes != nil {
		scopes, fault := parseScopes(*d.Scopes)
		change.Scopes, wrong = &scopes, append(wrong, fault...)
	}
	if d.Domains != nil {
		domains, fault := parseDomains(*d.Domains)
		change.Domains, wrong = &domains, append(wrong, fault...)
	}
	if len(wrong) > 0 {
		return Change{}, apierr.Invalid(wrong...)
	}
	return change, nil
}

func parseName(text string) (string, []apierr.Violation) {
	name := strings.TrimSpace(text)
	switch {
	case name == "":
		return "", violation(FieldName, "blank", "This field may not be blank.")
	case strings.ContainsRune(name, 0):
		return "", violation(FieldName, "null_characters_not_allowed", "Null characters are not allowed.")
	case utf8.RuneCountInString(name) > maxName:
		return "", violation(FieldName, "max_length", "Ensure this field has no more than %d characters.", maxName)
	}
	return name, nil
}

func parseScopes(names []string) ([]identity.Scope, []apierr.Violation) {
	scopes, wrong := []identity.Scope{}, []apierr.Violation(nil)
	for i, name := range names {
		scope, ok := identity.ParseScope(strings.TrimSpace(name))
		switch {
		case !ok:
			wrong = append(wrong, violation(item(FieldScopes, i), "invalid_choice", "%q is not a valid choice.", name)...)
		case !slices.Contains(scopes, scope):
			scopes = append(scopes, scope)
		}
	}
	return scopes, wrong
}

func parseDomains(names []string) ([]string, []apierr.Violation) {
	if len(names) > maxDomains {
		return nil, violation(FieldDomains, "max_length", "Ensure this field has no more than %d elements.", maxDomains)
	}
	domains, wrong := []string{}, []apierr.Violation(nil)
	for i, name := range names {
		domain := strings.ToLower(strings.TrimSpace(name))
		switch {
		case !isDomain(domain):
			wrong = append(wrong, violation(item(FieldDomains, i), "invalid", "Enter a domain such as example.org.")...)
		case !slices.Contains(domains, domain):
			domains = append(domains, domain)
		}
	}
	return domains, wrong
}

// isDomain accepts what may stand behind the @ of an e-mail, in lower case:
// labels of letters (of any script), digits and inner hyphens.
func isDomain(domain string) bool {
	if len(domain) > maxDomain || !strings.Contains(domain, ".") || !utf8.ValidString(domain) {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.Trim(label, "-") != label || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

func notInLabel(r rune) bool {
	return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// isEmail accepts a bare address with a domain, such as ada@example.org.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > maxEmail {
		return false
	}
	_, domain, _ := strings.Cut(text, "@")
	return isDomain(strings.ToLower(domain))
}

func item(field string, i int) string { return fmt.Sprintf("%s.%d", field, i) }

func violation(field, code, format string, args ...any) []apierr.Violation {
	return []apierr.Violation{{Field: field, Code: code, Text: fmt.Sprintf(format, args...)}}
}
