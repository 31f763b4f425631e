package invitations

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	maxAddress = 254
	// maxLocal is the most characters before the @ (RFC 5321).
	maxLocal = 64
	// maxRecipients is the most people that one request invites.
	maxRecipients = 100
	fieldEmails   = "emails"
)

// domain is a name of at least two labels, of which none begins or ends with a
// hyphen; the last one has two characters or more.
var domain = regexp.MustCompile(`(?i)^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)

// recipients checks addresses, of which there may be so many, and returns each
// once, in order.
func recipients(addresses []string, most int) ([]string, error) {
	switch {
	case len(addresses) == 0:
		return nil, apierr.InvalidField(fieldEmails, "empty", "This list may not be empty.")
	case len(addresses) > most:
		return nil, apierr.InvalidField(fieldEmails, "max_length", "Ensure this field has no more than %d elements.", most)
	}
	var once []string
	var wrong []apierr.Violation
	for i, address := range addresses {
		if !isAddress(address) {
			wrong = append(wrong, apierr.Violation{
				Field: fieldEmails + "." + strconv.Itoa(i), Code: "invalid", Text: "Enter a valid email address.",
			})
		} else if !slices.Contains(once, address) {
			once = append(once, address)
		}
	}
	if len(wrong) > 0 {
		return nil, apierr.Invalid(wrong...)
	}
	return once, nil
}

// isAddress reports whether the text is a bare address that every server takes:
// ASCII, of a domain that can be in the DNS.
func isAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" || len(text) > maxAddress {
		return false
	}
	local, host, _ := strings.Cut(text, "@")
	return len(local) <= maxLocal && domain.MatchString(host) &&
		!strings.ContainsFunc(local, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"()<>[],;:\`, r) })
}

// String says as much of an invitation as a log may hold.
func (i Invitation) String() string {
	return fmt.Sprintf("invitation %s of %d people to room %s", i.ID, len(i.Recipients), i.RoomID)
}
