package invitations

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/room/internal/mail"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Rooms knows rooms and moderators. Implemented by rooms.Service; see there for errors.
type Rooms interface {
	Find(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
	Moderated(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
}

// DialIns knows how phones get into rooms.
type DialIns interface {
	// ByRooms returns the dial-ins of the rooms that have one, by room id.
	ByRooms(ctx context.Context, roomIDs []string) (map[string]*telephonyv1.DialIn, error)
}

// Post sends messages. Implemented by mail.Sender.
type Post interface {
	// From is the sender's address.
	From() string
	// Send gives a message to the server. Errors: mail.ErrRefused,
	// mail.ErrRecipients, or what may pass.
	Send(ctx context.Context, message mail.Message) error
}

// Parts are what the service is built of. Post may be nil: then nobody is invited.
type Parts struct {
	Store   Store
	Rooms   Rooms
	DialIns DialIns
	Post    Post
	// PerUser and PerRoom bound how many people are invited by one, and to one room.
	PerUser, PerRoom *throttle.Limiter
	// BaseURL is where the frontend is, without a slash at its end.
	BaseURL string
	Clock   clock.Clock
	Logger  *slog.Logger
}

// Service takes invitations and sends them. It is safe for concurrent use.
type Service struct {
	Parts
	letters *letters
	metrics *metrics
	wake    chan struct{}
}

// New returns the service.
func New(parts Parts, registry prometheus.Registerer) (*Service, error) {
	letters, err := newLetters()
	if err != nil {
		return nil, err
	}
	metrics, err := newMetrics(registry)
	if err != nil {
		return nil, err
	}
	return &Service{Parts: parts, letters: letters, metrics: metrics, wake: make(chan struct{}, 1)}, nil
}

// Invite invites people to a room. It returns when the invitation is stored.
// Errors: see InvitationService.
func (s *Service) Invite(ctx context.Context, caller rooms.Caller, idOrSlug string, addresses []string, language string) error {
	held, err := s.Rooms.Moderated(ctx, caller, idOrSlug)
	if err != nil {
		return err
	}
	to, err := recipients(addresses, min(maxRecipients, s.PerUser.Limit(), s.PerRoom.Limit()))
	if err != nil {
		return err
	}
	if s.Post == nil {
		return apierr.New(apierr.MailOff, "")
	}
	if wait := s.take(caller.User.ID, held.Room.ID, len(to)); wait > 0 {
		return &apierr.Error{Reason: apierr.Throttled, RetryAfter: wait}
	}
	now := s.Clock.Now().UTC().Truncate(time.Microsecond)
	invitation := Invitation{
		ID: uuid.NewString(), RoomID: held.Room.ID, Inviter: plain(caller.User.FullName, caller.User.Email),
		Language: supported(language), Recipients: to, CreatedAt: now, Due: now,
	}
	if isAddress(caller.User.Email) {
		invitation.ReplyTo = caller.User.Email
	}
	if err := s.Store.KeepInvitation(ctx, invitation); err != nil {
		return err
	}
	select {
	case s.wake <- struct{}{}:
	default: // the worker is about to look anyway
	}
	return nil
}

// take counts so many invitations of the user to the room and returns 0, or
// counts nothing and returns how long to wait.
func (s *Service) take(userID, roomID string, count int) time.Duration {
	if wait := s.PerUser.TakeMany(userID, count); wait > 0 {
		return wait
	}
	wait := s.PerRoom.TakeMany(roomID, count)
	if wait > 0 {
		s.PerUser.GiveBack(userID, count)
	}
	return wait
}

// plain returns the first name that shows anything, on one line: without what
// breaks a line or turns the direction of writing around. What joins or parts
// letters inside of words and emoji stays.
func plain(names ...string) string {
	for _, name := range names {
		name = strings.Map(func(r rune) rune {
			switch {
			case unicode.IsSpace(r) || unicode.IsControl(r):
				return ' '
			case unicode.IsPrint(r) || r == '\u200c' || r == '\u200d':
				return r
			default:
				return -1
			}
		}, name)
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
			return strings.Join(strings.Fields(name), " ")
		}
	}
	return "Parley"
}
