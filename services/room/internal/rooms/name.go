package rooms

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Limits, in characters.
const (
	maxName = 500
	maxSlug = 100
)

// Names of the fields in violations.
const (
	fieldName          = "name"
	fieldSlug          = "slug"
	fieldAccessLevel   = "access_level"
	fieldConfiguration = "configuration"
)

// pathsBesideRooms are the paths that stand where the slug of a room does and are
// something else.
var pathsBesideRooms = []string{"creation-callback", "webhooks-livekit"}

// parseName trims and checks a name and derives the slug. The violation is nil
// when both may be stored.
func parseName(text string) (name, slug string, wrong *apierr.Violation) {
	name = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f })
	slug = Slugify(name)
	_, isID := parseID(slug)
	switch {
	case name == "":
		return "", "", &apierr.Violation{Field: fieldName, Code: "blank", Text: "This field may not be blank."}
	case strings.ContainsRune(name, 0):
		return "", "", &apierr.Violation{Field: fieldName, Code: "null_characters_not_allowed", Text: "Null characters are not allowed."}
	case utf8.RuneCountInString(name) > maxName:
		return "", "", &apierr.Violation{Field: fieldName, Code: "max_length",
			Text: fmt.Sprintf("Ensure this field has no more than %d characters.", maxName)}
	case slug == "":
		// A room with an empty slug could exist once, but no link would lead to it.
		return "", "", &apierr.Violation{Field: fieldName, Code: "no_slug", Text: "Enter a name with at least one letter or digit."}
	case isID, slices.Contains(pathsBesideRooms, slug):
		// The room's link would be taken for an id, or lead elsewhere.
		return "", "", &apierr.Violation{Field: fieldName, Code: "reserved", Text: `Room name "` + name + `" is reserved.`}
	case len(slug) > maxSlug:
		return "", "", &apierr.Violation{Field: fieldSlug, Code: "max_length",
			Text: fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", maxSlug, len(slug))}
	}
	return name, slug, nil
}

// SlugTaken is the error for a slug that another room has. Stores return it.
func SlugTaken() error {
	return apierr.InvalidField(fieldSlug, "unique", "Room with this Slug already exists.")
}

// invalid returns INVALID_FIELDS, or nil when nothing is wrong.
func invalid(wrong []apierr.Violation) error {
	if len(wrong) == 0 {
		return nil
	}
	return apierr.Invalid(wrong...)
}
