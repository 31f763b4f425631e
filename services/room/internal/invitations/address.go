package invitations

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	maxAddress = 254
	// maxRecipients is the most people that one request invites.
	maxRecipients = 100
	fieldEmails   = "emails"
)

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
// ASCII, of a domain with a dot.
func isAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" || len(text) > maxAddress {
		return false
	}
	_, domain, _ := strings.Cut(text, "@")
	dot := strings.LastIndexByte(domain, '.')
	return dot > 0 && dot < len(domain)-1 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"[]()<>,;:\`, r) })
}

// String says as much of an invitation as a log may hold.
func (i Invitation) String() string {
	return fmt.Sprintf("invitation %s of %d people to room %s", i.ID, len(i.Recipients), i.RoomID)
}
