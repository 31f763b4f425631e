package invitations

import (
	"embed"
	"fmt"
	"html/template"
	"strings"
	texttemplate "text/template"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/services/room/internal/mail"
)

//go:embed templates
var templates embed.FS

// letters writes invitations.
type letters struct {
	text  *texttemplate.Template
	html  *template.Template
	texts map[string]texts
}

func newLetters() (*letters, error) {
	text, err := texttemplate.ParseFS(templates, "templates/invitation.txt")
	if err != nil {
		return nil, fmt.Errorf("text of invitations: %w", err)
	}
	html, err := template.ParseFS(templates, "templates/invitation.html")
	if err != nil {
		return nil, fmt.Errorf("page of invitations: %w", err)
	}
	return &letters{text: text, html: html, texts: allTexts()}, nil
}

// letter is what one invitation is written from.
type letter struct {
	Invitation
	// Room is the room's name as one line, Link its URL.
	Room, Link string
	// DialIn is nil while the room has no PIN.
	DialIn *telephonyv1.DialIn
	// From is the address of who sends.
	From string
}

// page is what the templates see.
type page struct {
	letter
	T       texts
	Numbers []number
}

// number is a telephone number as it is shown.
type number struct {
	Display, Place string
	// Tel dials number and PIN. It is made by telephony, so it is a URL.
	Tel template.URL
}

// write returns the message's subject, parts and attachment.
func (l *letters) write(content letter) (mail.Message, error) {
	view := page{letter: content, T: l.texts[content.Language]}
	for _, n := range content.DialIn.GetNumbers() {
		place := strings.Join(strings.Fields(n.GetNumber().GetCountry()+" "+n.GetNumber().GetLabel()), " ")
		view.Numbers = append(view.Numbers, number{
			Display: n.GetNumber().GetDisplay(), Place: place, Tel: template.URL(n.GetTel()), // #nosec G203 -- made by telephony of digits
		})
	}
	var text, html strings.Builder
	if err := l.text.Execute(&text, view); err != nil {
		return mail.Message{}, fmt.Errorf("write an invitation: %w", err)
	}
	if err := l.html.Execute(&html, view); err != nil {
		return mail.Message{}, fmt.Errorf("write an invitation: %w", err)
	}
	subject := fmt.Sprintf(view.T.Subject, content.Inviter)
	entry, err := calendar(content, subject, text.String())
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{Subject: subject, Text: text.String(), HTML: html.String(), Calendar: entry}, nil
}
