package room_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	roommail "github.com/parleymeet/parley/services/room/internal/mail"
)

// inviting returns a suite that sends its mail to an address.
func inviting(t *testing.T, address string, environ ...string) (*suite, roomv1.InvitationServiceClient) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s := newSuite(t, append([]string{
		"EMAIL_HOST=" + host, "EMAIL_PORT=" + port, "EMAIL_FROM=Parley <no-reply@meet.test>", "APPLICATION_BASE_URL=https://meet.test/",
	}, environ...)...)
	return s, roomv1.NewInvitationServiceClient(s.conns[0])
}

// arrived waits for so many messages.
func (m *mailbox) arrived(t *testing.T, count int) []received {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		if got := len(m.all()); got < count {
			return fmt.Errorf("%d of %d messages", got, count)
		}
		return nil
	})
	return m.all()
}

// parts returns the leaves of a message by media type, decoded.
func parts(t *testing.T, header map[string][]string, body io.Reader) map[string]string {
	t.Helper()
	media, params, err := mime.ParseMediaType(mail.Header(header).Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	if !strings.HasPrefix(media, "multipart/") {
		raw, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		found[media] = string(raw)
		return found
	}
	for reader := multipart.NewReader(body, params["boundary"]); ; {
		part, err := reader.NextPart() // undoes quoted-printable
		if err == io.EOF {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		for media, text := range parts(t, part.Header, decoded(part.Header.Get("Content-Transfer-Encoding"), part)) {
			found[media] = text
		}
	}
}

// decoded undoes base64; the reader of parts undoes the rest.
func decoded(encoding string, r io.Reader) io.Reader {
	if encoding == "base64" {
		return base64.NewDecoder(base64.StdEncoding, r)
	}
	return r
}

func TestInvite(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, "")
	s, client := inviting(t, box.address)
	s.owner.FullName = "Zoë <b>Owner</b>\r\nBcc: evil@example.org"
	room := s.create(t, "Réunion\nLink:\u202e https://evil.example <script>", public)
	to := []string{"a@example.org", "b@example.org", "a@example.org"}
	for i, language := range invitations.Languages() {
		_, err := client.Invite(s.as(t, s.owner), &roomv1.InviteRequest{IdOrSlug: room.GetRoom().GetSlug(), Emails: to, Language: language})
		if err != nil {
			t.Fatal(err)
		}
		got := box.arrived(t, i+1)[i]
		if got.from != "no-reply@meet.test" || !slices.Equal(got.to, to[:2]) {
			t.Errorf("from %s to %v", got.from, got.to)
		}
		message, err := mail.ReadMessage(strings.NewReader(got.data))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.data, "b@example.org") || message.Header.Get("Bcc") != "" || message.Header.Get("To") == to[0] {
			t.Errorf("recipients are told of each other:\n%s", got.data)
		}
		if message.Header.Get("X-Mailer") != "" || message.Header.Get("User-Agent") != "" {
			t.Errorf("the message tells which library made it: %v", message.Header)
		}
		if reply := message.Header.Get("Reply-To"); reply != "<owner@example.org>" {
			t.Errorf("reply to %q", reply)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
		words := map[string]string{"en": "invites you to", "fr": "vous invite à", "nl": "nodigt u uit", "de": "lädt Sie zu"}[language]
		if err != nil || !strings.Contains(subject, words) || !strings.Contains(subject, "Zoë <b>Owner</b> Bcc: evil") {
			t.Errorf("subject %q", subject)
		}
		found := parts(t, message.Header, message.Body)
		text, html := found["text/plain"], found["text/html"]
		for _, want := range []string{"https://meet.test/reunion-link-httpsevilexample-script", "+33 1 99 00 01 23", "tel:+33199000123,,,1#", "012 345 6789#", "Réunion Link: https://evil.example "} {
			if !strings.Contains(text, want) || !strings.Contains(strings.ReplaceAll(html, "&#43;", "+"), want) {
				t.Errorf("%s lacks %q:\n%s\n%s", language, want, text, html)
			}
		}
		if strings.Contains(html, "<script>") || strings.Contains(html, "<b>Owner") || !strings.Contains(html, `lang="`+language+`"`) {
			t.Errorf("page:\n%s", html)
		}
		checkCalendar(t, found["text/calendar"], got.data)
	}
}

func checkCalendar(t *testing.T, text, raw string) {
	t.Helper()
	calendar, err := ical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil || len(calendar.Events()) != 1 {
		t.Fatalf("calendar: %v\n%s\n%s", err, text, raw)
	}
	event := calendar.Events()[0]
	begin, err1 := event.DateTimeStart(time.UTC)
	end, err2 := event.DateTimeEnd(time.UTC)
	link := event.Props.Get(ical.PropURL)
	if err1 != nil || err2 != nil || end.Sub(begin) != time.Hour || time.Since(begin) > time.Minute || link == nil || link.Value != "https://meet.test/reunion-link-httpsevilexample-script" {
		t.Errorf("event from %v to %v at %v", begin, end, link)
	}
}

func TestInviteRefusals(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, "")
	s, client := inviting(t, box.address, "INVITE_USER_THROTTLE_RATES=4/hour", "INVITE_ROOM_THROTTLE_RATES=5/hour")
	room := s.create(t, "room", public).GetRoom().GetId()
	s.grant(t, room, map[string]*identity.User{"member": s.member, "administrator": s.administrator})
	invite := func(user *identity.User, id string, emails ...string) error {
		_, err := client.Invite(s.as(t, user), &roomv1.InviteRequest{IdOrSlug: id, Emails: emails})
		return err
	}
	wantReason(t, invite(nil, room, "a@example.org"), apierr.Unauthenticated)
	wantReason(t, invite(s.member, room), apierr.PermissionDenied)
	wantReason(t, invite(s.owner, "unknown"), apierr.RoomNotFound)
	wantReason(t, invite(s.owner, room), apierr.InvalidFields)
	wantReason(t, invite(s.owner, room, slices.Repeat([]string{"a@example.org"}, 5)...), apierr.InvalidFields)
	for _, wrong := range []string{
		"", "x", "a@b", "a@example.", "a b@example.org", "a@example.org\r\nBcc: b@example.org", "Ada <a@example.org>", "<a@example.org>",
		"a@example.org,b@example.org", `"a b"@example.org`, "é@example.org", "a@exämple.org", strings.Repeat("a", 250) + "@example.org", "a@[127.0.0.1]",
		"a@-example.org", "a@example-.org", "a@exa_mple.org", "a@example.o", "a@example..org", strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("a", 64) + ".org",
	} {
		err := invite(s.owner, room, "good@example.org", wrong)
		if v := apierr.From(err); v == nil || len(v.Violations) != 1 || v.Violations[0].Field != "emails.1" || v.Violations[0].Text != "Enter a valid email address." {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	// An unknown address costs the others nothing, and no address is lost on the way.
	if err := invite(s.owner, room, "one@example.org", "unknown@example.org", "two@example.org"); err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, got := range box.arrived(t, 2) {
		to = append(to, got.to...)
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"one@example.org", "two@example.org"}) {
		t.Errorf("sent to %v", to)
	}
	// Three are invited. A request that is refused counts for nobody.
	throttled := func(user *identity.User, emails ...string) {
		t.Helper()
		err := invite(user, room, emails...)
		if failed := apierr.From(err); failed == nil || failed.Reason != apierr.Throttled || failed.RetryAfter <= 0 {
			t.Errorf("%v: %v", emails, err)
		}
	}
	throttled(s.owner, "a@example.org", "b@example.org")
	throttled(s.administrator, "a@example.org", "b@example.org", "c@example.org")
	for _, user := range []*identity.User{s.owner, s.administrator} { // to the end of both
		if err := invite(user, room, "a@example.org"); err != nil {
			t.Error(err)
		}
	}
	throttled(s.administrator, "a@example.org")
	elsewhere := s.create(t, "elsewhere", public).GetRoom().GetId()
	s.grant(t, elsewhere, map[string]*identity.User{"administrator": s.administrator})
	if err := invite(s.administrator, elsewhere, "a@example.org", "b@example.org", "c@example.org"); err != nil {
		t.Errorf("what was refused to one room counts for others: %v", err)
	}
}

// TestInviteFullMailbox: a mailbox that is full for now costs the others nothing,
// and gets its invitation when there is room.
func TestInviteFullMailbox(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, "")
	box.full.Store(true)
	s, client := inviting(t, box.address)
	id := s.create(t, "room", public).GetRoom().GetId()
	to := []string{"full@example.org", "one@example.org", "two@example.org"}
	if _, err := client.Invite(s.as(t, s.owner), &roomv1.InviteRequest{IdOrSlug: id, Emails: to}); err != nil {
		t.Fatal(err)
	}
	box.arrived(t, 2)
	box.full.Store(false)
	var got []string
	for _, mail := range box.arrived(t, 3) {
		got = append(got, mail.to...)
	}
	slices.Sort(got)
	if !slices.Equal(got, to) {
		t.Errorf("sent to %v", got)
	}
}

// TestMailFailures: what a failure means. A message that was taken is sent; one of
// which that is not known is not.
func TestMailFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to                  []string
		text                string
		hangsUp, rude       bool
		refused, recipients bool
		sent                bool
	}{
		"taken":                 {to: []string{"a@example.org"}, sent: true},
		"taken, then hung up":   {to: []string{"a@example.org", "b@example.org"}, hangsUp: true, sent: true},
		"hung up, not answered": {to: []string{"a@example.org"}, rude: true},
		"unknown":               {to: []string{"unknown@example.org"}, refused: true},
		"full":                  {to: []string{"full@example.org"}},
		"one of two unknown":    {to: []string{"unknown@example.org", "a@example.org"}, recipients: true},
		"one of two full":       {to: []string{"full@example.org", "a@example.org"}, recipients: true},
		"full and unknown":      {to: []string{"unknown@example.org", "full@example.org"}, recipients: true},
		"forbidden":             {to: []string{"a@example.org"}, text: "forbidden", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newMailbox(t, "")
			box.full.Store(true)
			box.hangsUp.Store(c.hangsUp)
			box.rude.Store(c.rude)
			host, port, err := net.SplitHostPort(box.address)
			if err != nil {
				t.Fatal(err)
			}
			number, err := strconv.Atoi(port)
			if err != nil {
				t.Fatal(err)
			}
			sender, err := roommail.NewSender(roommail.Settings{Host: host, Port: number, From: "no-reply@meet.test"})
			if err != nil {
				t.Fatal(err)
			}
			err = sender.Send(t.Context(), roommail.Message{ID: "1", Recipients: c.to, Subject: "s", Text: "text " + c.text, HTML: "html"})
			if (err == nil) != c.sent || errors.Is(err, roommail.ErrRefused) != c.refused || errors.Is(err, roommail.ErrRecipients) != c.recipients {
				t.Errorf("error %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "@example.org") {
				t.Errorf("the error names a recipient: %v", err)
			}
		})
	}
}

func TestInviteWithoutMail(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	client := roomv1.NewInvitationServiceClient(s.conns[0])
	id := s.create(t, "room", public).GetRoom().GetId()
	_, err := client.Invite(s.as(t, s.owner), &roomv1.InviteRequest{IdOrSlug: id, Emails: []string{"a@example.org"}})
	wantReason(t, err, apierr.MailOff)
	_, err = client.Invite(s.as(t, s.owner), &roomv1.InviteRequest{IdOrSlug: id, Emails: slices.Repeat([]string{"a@example.org"}, 101)})
	wantReason(t, err, apierr.InvalidFields)
}

// TestMailServerDownAndBack: an invitation is taken while the mail server is
// away, and sent when it is back.
func TestMailServerDownAndBack(t *testing.T) {
	t.Parallel()
	address := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	s, client := inviting(t, address)
	id := s.create(t, "room", public).GetRoom().GetId()
	if _, err := client.Invite(s.as(t, s.owner), &roomv1.InviteRequest{IdOrSlug: id, Emails: []string{"a@example.org"}}); err != nil {
		t.Fatal(err)
	}
	if got := newMailbox(t, address).arrived(t, 1); !slices.Equal(got[0].to, []string{"a@example.org"}) {
		t.Errorf("sent %v", got)
	}
}
