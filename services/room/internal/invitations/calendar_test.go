package invitations

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
)

// TestCalendar reads back what is written, and holds it to what RFC 5545 says of
// lines, which the reader does not mind.
func TestCalendar(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	for name, inviter := range map[string]string{
		"plain":      "Ada Lovelace",
		"surname":    "Lovelace, Ada; Countess",
		"colon":      "Ada: sales",
		"apostrophe": "Maeve O'Brien",
		"quotes":     `Ada "The Countess" \ Lovelace`,
		"long":       strings.Repeat("é", 100),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject, description := inviter+" invites you", "Hello,\n\nRoom: "+strings.Repeat("😀é", 60)+`; a\n, b`
			written, err := calendar(letter{
				Invitation: Invitation{ID: "c211895e-760d-4feb-a950-ae4a3e56569a", Inviter: inviter, CreatedAt: at},
				Link:       "https://meet.test/" + strings.Repeat("long-", 20), From: "no-reply@meet.test",
			}, subject, description+"\n")
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(strings.TrimSuffix(written, "\r\n"), "\r\n") {
				if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
					t.Errorf("%d bytes: %q", len(line), line)
				}
			}
			document, err := ical.NewDecoder(strings.NewReader(written)).Decode()
			if err != nil || len(document.Events()) != 1 || !strings.HasSuffix(written, "END:VCALENDAR\r\n") {
				t.Fatalf("%v\n%s", err, written)
			}
			props := document.Events()[0].Props
			if want := strings.NewReplacer(`"`, "'", `\`, "/").Replace(inviter); props.Get(ical.PropOrganizer).Params.Get(ical.ParamCommonName) != want {
				t.Errorf("organizer: %+v, want %q", props.Get(ical.PropOrganizer), want)
			}
			for property, want := range map[string]string{
				ical.PropSummary: subject, ical.PropDescription: description,
				ical.PropDateTimeStart: "20260301T233000Z", ical.PropDateTimeEnd: "20260302T003000Z",
				ical.PropOrganizer: "mailto:no-reply@meet.test",
			} {
				got := props.Get(property)
				text, err := got.Value, error(nil)
				if got.ValueType() == ical.ValueText {
					text, err = got.Text()
				}
				if err != nil || text != want {
					t.Errorf("%s: %q, %v, want %q", property, text, err, want)
				}
			}
		})
	}
}
