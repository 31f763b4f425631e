package room_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailbox is an SMTP server that keeps what it is given.
type mailbox struct {
	address string
	mu      sync.Mutex
	mails   []received
	server  *smtp.Server
}

// received is a message as the server got it.
type received struct {
	from string
	to   []string
	data string
}

// newMailbox starts an SMTP server; address empty for any.
func newMailbox(t *testing.T, address string) *mailbox {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{address: listener.Addr().String()}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &smtpSession{box: m}, nil }))
	m.server.Domain, m.server.ReadTimeout, m.server.WriteTimeout = "localhost", 5*time.Second, 5*time.Second
	ended := make(chan error, 1)
	go func() { ended <- m.server.Serve(listener) }()
	t.Cleanup(func() {
		_ = m.server.Close()
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return m
}

func (m *mailbox) all() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

type smtpSession struct {
	box *mailbox
	now received
}

func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	s.now = received{from: from}
	return nil
}

// Rcpt knows nobody whose name begins with "unknown".
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "unknown") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + to}
	}
	s.now.to = append(s.now.to, to)
	return nil
}

func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.data = string(raw)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, s.now)
	return nil
}

func (s *smtpSession) Reset()        { s.now = received{} }
func (s *smtpSession) Logout() error { return nil }
