package invitations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/mail"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const (
	// lookEvery is how often the worker looks for what is due.
	lookEvery = time.Second
	// lease is how long one invitation may take.
	lease = time.Minute
	// A failed invitation is tried again after firstPause, then after twice as
	// long each time, and no later than longestPause; for as long as lifetime.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	lifetime     = 24 * time.Hour
)

// Run sends invitations until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	if s.Post == nil {
		return nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
		if err := s.sendDue(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "invitations wait", "error", err)
		}
	}
}

// sendDue sends what is due, one after another.
func (s *Service) sendDue(ctx context.Context) error {
	for {
		now := s.Clock.Now()
		claimed, err := s.Store.ClaimInvitations(ctx, now, now.Add(lease), 1)
		if err != nil {
			return err
		}
		pending, err := s.Store.PendingInvitations(ctx)
		if err != nil {
			return err
		}
		s.metrics.pending.Set(float64(pending))
		if len(claimed) == 0 {
			return nil
		}
		if err := s.deliver(ctx, claimed[0]); err != nil {
			return err
		}
	}
}

// deliver tries an invitation once and settles it.
func (s *Service) deliver(ctx context.Context, i Invitation) error {
	sending, cancel := context.WithTimeout(ctx, lease/2)
	defer cancel()
	err := s.send(sending, i)
	if ctx.Err() != nil {
		return ctx.Err() // stopping: the lease ends, and it is tried again
	}
	var rest []Invitation
	outcome := "sent"
	switch {
	case err == nil:
	case apierr.Has(err, apierr.RoomNotFound):
		outcome = "room_gone"
	case (errors.Is(err, mail.ErrRefused) || errors.Is(err, mail.ErrRecipients)) && len(i.Recipients) > 1:
		outcome, rest = "split", i.split()
	case errors.Is(err, mail.ErrRefused):
		outcome = "refused"
	case s.Clock.Now().Sub(i.CreatedAt) > lifetime:
		outcome = "given_up"
	default:
		outcome, rest = "postponed", []Invitation{i.later(s.Clock.Now())}
	}
	s.metrics.deliveries.WithLabelValues(outcome).Inc()
	if err != nil {
		s.Logger.WarnContext(ctx, "an invitation is not sent", "invitation", i.String(), "outcome", outcome, "error", err)
	}
	return s.Store.SettleInvitation(ctx, i.ID, rest)
}

// send writes an invitation and gives it to the mail server.
func (s *Service) send(ctx context.Context, i Invitation) error {
	held, err := s.Rooms.Find(ctx, rooms.Caller{}, i.RoomID)
	if err != nil {
		return err
	}
	dialIns, err := s.DialIns.ByRooms(ctx, []string{i.RoomID})
	if err != nil && s.Clock.Now().Sub(i.CreatedAt) < lease {
		return fmt.Errorf("ask for the dial-in: %w", err) // worth waiting for, but not for long
	}
	message, err := s.compose(i, held.Room, dialIns[i.RoomID])
	if err != nil {
		return err
	}
	return s.Post.Send(ctx, message)
}

func (s *Service) compose(i Invitation, room rooms.Room, dialIn *telephonyv1.DialIn) (mail.Message, error) {
	message, err := s.letters.write(letter{
		Invitation: i, Room: plain(room.Name), Link: s.BaseURL + "/" + room.Slug, DialIn: dialIn, From: s.Post.From(),
	})
	message.ID, message.ReplyTo, message.Recipients, message.Date = i.ID, i.ReplyTo, i.Recipients, i.CreatedAt
	return message, err
}

// split returns an invitation for each of the recipients.
func (i Invitation) split() []Invitation {
	each := make([]Invitation, 0, len(i.Recipients))
	for _, recipient := range i.Recipients {
		one := i
		one.ID, one.Recipients = uuid.NewString(), []string{recipient}
		each = append(each, one)
	}
	return each
}

// later returns the invitation as it is tried again.
func (i Invitation) later(now time.Time) Invitation {
	i.Due = now.Add(min(firstPause<<min(i.Attempts, 16), longestPause)).UTC().Truncate(time.Microsecond)
	i.Attempts++
	return i
}

type metrics struct {
	pending    prometheus.Gauge
	deliveries *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "parley_room_invitations_pending", Help: "Invitations that wait for the mail server.",
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_room_invitations_total", Help: "Tries to send an invitation, by outcome.",
		}, []string{"outcome"}),
	}
	for _, c := range []prometheus.Collector{m.pending, m.deliveries} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}
