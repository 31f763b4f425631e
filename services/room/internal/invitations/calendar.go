package invitations

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
)

const (
	// meetingTime is how long a calendar shows a meeting, whose end nobody knows.
	meetingTime = time.Hour
	// maxLine is the most bytes of a line, without its end (RFC 5545, 3.1).
	maxLine = 75
)

// calendar returns the entry that people may keep: a meeting begins when
// somebody is invited to it.
func calendar(content letter, subject, text string) (string, error) {
	begin := content.CreatedAt.UTC()
	event := ical.NewEvent()
	event.Props.SetText(ical.PropUID, content.ID)
	event.Props.SetDateTime(ical.PropDateTimeStamp, begin)
	event.Props.SetDateTime(ical.PropDateTimeStart, begin)
	event.Props.SetDateTime(ical.PropDateTimeEnd, begin.Add(meetingTime))
	event.Props.SetText(ical.PropSummary, subject)
	event.Props.SetText(ical.PropLocation, content.Link)
	event.Props.SetText(ical.PropDescription, strings.TrimSpace(text))
	event.Props.Set(&ical.Prop{Name: ical.PropURL, Params: ical.Params{}, Value: content.Link})
	// Nothing can be escaped in a parameter: it cannot have a quotation mark, and some
	// readers take a backslash for an escape all the same.
	name := strings.NewReplacer(`"`, "'", `\`, "/").Replace(content.Inviter)
	event.Props.Set(&ical.Prop{Name: ical.PropOrganizer, Params: ical.Params{ical.ParamCommonName: {name}}, Value: "mailto:" + content.From})

	document := ical.NewCalendar()
	document.Props.SetText(ical.PropVersion, "2.0")
	document.Props.SetText(ical.PropProductID, "-//Parley//Invitations//EN")
	document.Props.SetText(ical.PropMethod, "PUBLISH")
	document.Children = append(document.Children, event.Component)
	var b strings.Builder
	if err := ical.NewEncoder(&b).Encode(document); err != nil {
		return "", fmt.Errorf("write a calendar entry: %w", err)
	}
	return folded(b.String()), nil
}

// folded breaks the lines of a document that are too long, which the library
// leaves as they are: a line goes on behind a space in the next, and no character
// is cut in two.
func folded(document string) string {
	var b strings.Builder
	for line := range strings.Lines(document) {
		for room := maxLine; len(line) > room+len("\r\n"); room = maxLine - 1 {
			cut := room
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			b.WriteString(line[:cut] + "\r\n ")
			line = line[cut:]
		}
		b.WriteString(line)
	}
	return b.String()
}
