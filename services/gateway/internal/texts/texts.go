package texts

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.json
var files embed.FS

// Languages returns those that have a catalogue. Texts are English otherwise.
func Languages() []string { return []string{"fr", "nl", "de"} }

// Texts are the catalogues, by language.
type Texts map[string]catalogue

// catalogue translates from English.
type catalogue struct {
	whole    map[string]string
	patterns []pattern
}

// pattern is a text with places.
type pattern struct {
	english     *regexp.Regexp
	translation string
}

// place is what stands for a part that differs, {0}.
var place = regexp.MustCompile(`\{\d\}`)

// Load reads the catalogues.
func Load() (Texts, error) {
	all := Texts{}
	for _, language := range Languages() {
		entries, err := read(language)
		if err != nil {
			return nil, err
		}
		c := catalogue{whole: map[string]string{}}
		for _, english := range slices.Sorted(maps.Keys(entries)) {
			if !place.MatchString(english) {
				c.whole[english] = entries[english]
				continue
			}
			parts := place.Split(english, -1)
			for i, part := range parts {
				parts[i] = regexp.QuoteMeta(part)
			}
			expression, err := regexp.Compile("(?s)^" + strings.Join(parts, "(.*)") + "$")
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", language, english, err)
			}
			c.patterns = append(c.patterns, pattern{english: expression, translation: entries[english]})
		}
		all[language] = c
	}
	return all, nil
}

func read(language string) (map[string]string, error) {
	raw, err := files.ReadFile(language + ".json")
	if err != nil {
		return nil, err
	}
	entries := map[string]string{}
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("%s.json: %w", language, err)
	}
	return entries, nil
}

// In returns an English text in a language; the text itself where there is no
// translation.
func (t Texts) In(language, english string) string {
	c, ok := t[language]
	if !ok {
		return english
	}
	if translation, ok := c.whole[english]; ok {
		return translation
	}
	for _, p := range c.patterns {
		found := p.english.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		return place.ReplaceAllStringFunc(p.translation, func(at string) string {
			if i := int(at[1]-'0') + 1; i < len(found) {
				return found[i]
			}
			return at
		})
	}
	return english
}
