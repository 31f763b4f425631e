package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// timeout bounds each step of a conversation with the server.
const timeout = 10 * time.Second

var (
	// ErrRefused says that the server will never take this message for these recipients.
	ErrRefused = errors.New("the mail server refuses the message")
	// ErrRecipients says that the server does not take this message for all of its
	// recipients, now or ever, so that nobody has got it. Each may be tried alone.
	ErrRecipients = errors.New("the mail server refuses recipients")
	// errUnsent is a failure that may pass.
	errUnsent = errors.New("send mail")
)

// Settings say where messages go.
type Settings struct {
	Host           string
	Port           int
	User, Password string
	// StartTLS wants encryption after the greeting, TLS before it.
	StartTLS, TLS bool
	// From is the sender, "Name <address>" or an address.
	From string
}

// Message is what somebody is sent.
type Message struct {
	// ID makes a repeated message known as the same.
	ID string
	// ReplyTo is an address; empty for the sender's.
	ReplyTo             string
	Recipients          []string
	Subject, Text, HTML string
	// Calendar is a text/calendar document, attached as invite.ics.
	Calendar string
	Date     time.Time
}

// Sender sends messages. It is safe for concurrent use.
type Sender struct {
	settings Settings
	from     *mail.Address
}

// NewSender checks the settings. The server need not be up.
func NewSender(s Settings) (*Sender, error) {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("sender of mail: %w", err)
	}
	sender := &Sender{settings: s, from: from}
	_, err = sender.client()
	return sender, err
}

// From is the sender's address.
func (s *Sender) From() string { return s.from.Address }

// Send gives a message to the server. Errors: ErrRefused, ErrRecipients, or what
// may pass. One that the server has taken is sent, whatever goes wrong behind it:
// it would come twice. One whose receipt got lost comes twice, with the same ID.
func (s *Sender) Send(ctx context.Context, m Message) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil
	}
	return fmt.Errorf("%w: %w", meaning(err, len(m.Recipients)), redacted(err, m.Recipients))
}

// meaning says what a failure comes to. The library gives the whole message up
// when one recipient is refused, and tells of the last refusal only.
func meaning(err error, recipients int) error {
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return errUnsent
	}
	if failed.Reason == gomail.ErrSMTPRcptTo && recipients > 1 {
		return ErrRecipients
	}
	forGood := failed.ErrorCode() >= 500 // 0 where the server said nothing
	if forGood && (failed.Reason == gomail.ErrSMTPRcptTo || failed.Reason == gomail.ErrSMTPDataClose) {
		return ErrRefused
	}
	return errUnsent
}

// redacted takes the recipients out of a server's words, which go to the log.
func redacted(err error, recipients []string) error {
	text := err.Error()
	for _, address := range recipients {
		text = strings.ReplaceAll(text, address, "<recipient>")
	}
	return errors.New(text)
}

func (s *Sender) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.settings.Port), gomail.WithTimeout(timeout), gomail.WithTLSPolicy(gomail.NoTLS),
	}
	if s.settings.StartTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.settings.TLS {
		options = append(options, gomail.WithSSL())
	}
	if s.settings.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.settings.User), gomail.WithPassword(s.settings.Password))
	}
	client, err := gomail.NewClient(s.settings.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail client: %w", err)
	}
	return client, nil
}

func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(s.from)
	if err := message.Bcc(m.Recipients...); err != nil {
		return nil, err
	}
	if m.ReplyTo != "" {
		if err := message.ReplyTo(m.ReplyTo); err != nil {
			return nil, err
		}
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	message.SetMessageIDWithValue(m.ID + "@" + domain)
	message.SetDateWithValue(m.Date)
	message.Subject(m.Subject)
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	err := message.AttachReader("invite.ics", strings.NewReader(m.Calendar), gomail.WithFileContentType("text/calendar; charset=utf-8; method=PUBLISH"))
	return message, err
}
