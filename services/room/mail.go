package room

import (
	"errors"
	"net/url"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/mail"
)

// MailConfig is how people are invited.
type MailConfig struct {
	// Host is the SMTP server; empty: nobody is invited.
	Host     string        `env:"EMAIL_HOST"`
	Port     int           `env:"EMAIL_PORT" envDefault:"25"`
	User     string        `env:"EMAIL_HOST_USER"`
	Password config.Secret `env:"EMAIL_HOST_PASSWORD"`
	// StartTLS encrypts after the greeting, TLS before it.
	StartTLS bool `env:"EMAIL_USE_TLS"`
	TLS      bool `env:"EMAIL_USE_SSL"`
	// From is the sender, "Name <address>" or an address.
	From string `env:"EMAIL_FROM"`
	// BaseURL is where people find the frontend, for the links in mails.
	BaseURL string `env:"APPLICATION_BASE_URL"`
	// How many people are invited by one person, and to one room.
	UserRate throttle.Rate `env:"INVITE_USER_THROTTLE_RATES" envDefault:"200/hour"`
	RoomRate throttle.Rate `env:"INVITE_ROOM_THROTTLE_RATES" envDefault:"200/hour"`
}

func (c MailConfig) faults() []error {
	if c.Host == "" {
		return nil
	}
	var faults []error
	if _, err := c.sender(); err != nil {
		faults = append(faults, errors.New("EMAIL_HOST needs EMAIL_FROM, an address, and an EMAIL_PORT"))
	}
	if c.StartTLS && c.TLS {
		faults = append(faults, errors.New("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other"))
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		faults = append(faults, errors.New("EMAIL_HOST needs APPLICATION_BASE_URL, such as https://meet.example.org"))
	}
	return faults
}

func (c MailConfig) sender() (*mail.Sender, error) {
	return mail.NewSender(mail.Settings{
		Host: c.Host, Port: c.Port, User: c.User, Password: c.Password.Reveal(), StartTLS: c.StartTLS, TLS: c.TLS, From: c.From,
	})
}

// post returns who sends mails; nil for nobody.
func (c MailConfig) post() (invitations.Post, error) {
	if c.Host == "" {
		return nil, nil
	}
	return c.sender()
}
