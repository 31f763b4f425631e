package invitations

import (
	"time"

	ics "github.com/arran4/golang-ical"
)

// meetingTime is how long a calendar shows a meeting, whose end nobody knows.
const meetingTime = time.Hour

// calendar returns the entry that people may keep: a meeting begins when
// somebody is invited to it.
func calendar(content letter, subject, text string) string {
	document := ics.NewCalendarFor("Parley")
	document.SetMethod(ics.MethodPublish)
	event := document.AddEvent(content.ID)
	event.SetDtStampTime(content.CreatedAt)
	event.SetStartAt(content.CreatedAt)
	event.SetEndAt(content.CreatedAt.Add(meetingTime))
	event.SetSummary(subject)
	event.SetLocation(content.Link)
	event.SetURL(content.Link)
	event.SetDescription(text)
	event.SetOrganizer("mailto:"+content.From, ics.WithCN(content.Inviter))
	return document.Serialize()
}
