package rooms

import (
	"encoding/hex"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Slugify derives a slug from a name as Django's slugify does: decomposed, only
// ASCII letters, digits and underscores kept, in lower case, each run of spaces
// and hyphens one hyphen, none of "-_" at either end. It may be empty. A slug is
// its own slug.
func Slugify(name string) string {
	var b strings.Builder
	pending := false // a hyphen is due before the next character
	for _, r := range norm.NFKD.String(name) {
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '_':
		case r == '-' || isSpace(r):
			pending = true
			continue
		default:
			continue
		}
		if pending {
			b.WriteByte('-')
			pending = false
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), "-_")
}

// isSpace is Python's \s on ASCII: the C0 separators count as spaces too.
func isSpace(r rune) bool {
	return r == ' ' || '\t' <= r && r <= '\r' || 0x1c <= r && r <= 0x1f
}

// Key finds a room: by its id, or else by its slug. Exactly one is set.
type Key struct {
	ID, Slug string
}

// ParseKey reads what stands for a room in a path. Any usual spelling of a UUID
// is an id and never a slug, all else names the room with that slug. A text
// without a letter or digit gives the zero Key, which finds nothing.
func ParseKey(text string) Key {
	if id, ok := parseID(text); ok {
		return Key{ID: id}
	}
	return Key{Slug: Slugify(text)}
}

// parseID reads a UUID in any case, with or without hyphens, in braces or as
// "urn:uuid:", and returns its canonical form.
func parseID(text string) (id string, ok bool) {
	text = strings.TrimPrefix(strings.ToLower(text), "urn:")
	text = strings.Trim(strings.TrimPrefix(text, "uuid:"), "{}")
	text = strings.ReplaceAll(text, "-", "")
	if _, err := hex.DecodeString(text); err != nil || len(text) != 32 {
		return "", false
	}
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], true
}
