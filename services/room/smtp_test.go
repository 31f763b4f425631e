package room_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
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

	// full says that there is no room for people whose name begins with "full";
	// hangsUp, that the connection ends with the answer to a message, or, when it
	// is rude too, before.
	full, hangsUp, rude atomic.Bool
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
	m.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &smtpSession{box: m, conn: c}, nil }))
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
	box  *mailbox
	conn *smtp.Conn
	now  received
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
	if strings.HasPrefix(to, "full") && s.box.full.Load() {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox of " + to + " full"}
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
	if strings.Contains(s.now.data, "forbidden") {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no such content"}
	}
	if s.box.rude.Load() {
		return s.conn.Conn().Close()
	}
	return nil
}

// Reset is called when a message was answered.
func (s *smtpSession) Reset() {
	if s.now.data != "" && s.box.hangsUp.Load() {
		_ = s.conn.Conn().Close()
	}
	s.now = received{}
}

func (s *smtpSession) Logout() error { return nil }
