package phones

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/lobby"
)

// arrival is how long a caller may take from the answer to the LiveKit room.
const arrival = 30 * time.Second

// heard is what a caller may do who was let in: as if it had never waited.
var heard = livekit.Permission{
	Subscribe: true, Publish: true, PublishData: true, PublishSources: []string{"microphone"}, UpdateMetadata: true,
}

// attend does what is to be done about one caller, whom person is in the LiveKit
// room; nil when it is not there.
func (s *Service) attend(ctx context.Context, phone Phone, person *livekit.Person) error {
	over := phone.Status == lobby.Waiting && !phone.ExpiresAt.After(s.now())
	switch {
	case person == nil:
		return s.absent(ctx, phone)
	case phone.Status == lobby.Denied:
		return s.remove(ctx, phone, denied)
	case over:
		return s.remove(ctx, phone, expired)
	case phone.Status == lobby.Accepted:
		return s.letIn(ctx, phone, person)
	}
	if !phone.Seen {
		if err := s.Store.See(ctx, phone); err != nil {
			return err
		}
	}
	return s.mute(ctx, phone, person)
}

// absent takes who has hung up, or never came, off the list.
func (s *Service) absent(ctx context.Context, phone Phone) error {
	if !phone.Seen && s.now().Sub(phone.CalledAt) < arrival {
		return nil
	}
	return s.done(ctx, phone, left)
}

// remove ends a call. That cannot be undone, and LiveKit may have been long in
// saying who is there, so it looks at the list again first: where a moderator has
// thought better of it, or the call was asked about again, the next look decides.
func (s *Service) remove(ctx context.Context, phone Phone, why outcome) error {
	phones, err := s.Store.Phones(ctx, phone.RoomID)
	if err != nil || !slices.ContainsFunc(phones, func(p Phone) bool {
		return p.ParticipantID == phone.ParticipantID && p.Status == phone.Status && p.CalledAt.Equal(phone.CalledAt)
	}) {
		return err
	}
	err = s.Server.Remove(ctx, phone.RoomID, phone.Identity)
	if err != nil && !apierr.Has(err, apierr.ParticipantNotFound) {
		return err
	}
	return s.done(ctx, phone, why)
}

// letIn makes the caller hear and be heard. One that has published nothing yet
// publishes unmuted.
func (s *Service) letIn(ctx context.Context, phone Phone, person *livekit.Person) error {
	if err := s.Server.Change(ctx, phone.RoomID, phone.Identity, livekit.Change{Permission: &heard}); err != nil {
		return err
	}
	came := admitted
	for _, track := range person.Tracks {
		err := s.unmute(ctx, phone, track)
		if errors.Is(err, livekit.ErrUnmuteDisabled) {
			came = admittedMute
		} else if err != nil {
			return err
		}
	}
	return s.done(ctx, phone, came)
}

func (s *Service) unmute(ctx context.Context, phone Phone, track livekit.Track) error {
	err := s.Server.Unmute(ctx, phone.RoomID, phone.Identity, track.SID)
	if errors.Is(err, livekit.ErrUnmuteDisabled) {
		s.Logger.ErrorContext(ctx, "a caller who was let in stays mute: set room.enable_remote_unmute: true in livekit-server's configuration",
			"room_id", phone.RoomID, "error", err)
	}
	return err
}

// mute silences a caller who waits. It looks at the list again afterwards: who
// was let in meanwhile, by another process, was perhaps unmuted before.
func (s *Service) mute(ctx context.Context, phone Phone, person *livekit.Person) error {
	muted := false
	for _, track := range person.Tracks {
		if track.Muted {
			continue
		}
		if err := s.Server.Mute(ctx, phone.RoomID, phone.Identity, track.SID); err != nil {
			return err
		}
		muted = true
	}
	if !muted {
		return nil
	}
	phones, err := s.Store.Phones(ctx, phone.RoomID)
	if err != nil || slices.ContainsFunc(phones, func(p Phone) bool {
		return p.Identity == phone.Identity && p.Status != lobby.Accepted
	}) {
		return err
	}
	for _, track := range person.Tracks {
		err := s.unmute(ctx, phone, track)
		if err != nil && !errors.Is(err, livekit.ErrUnmuteDisabled) && !apierr.Has(err, apierr.ParticipantNotFound) {
			return err
		}
	}
	return nil
}

// done takes the caller off the list, unless its call was asked about again or a
// moderator has thought better of it.
func (s *Service) done(ctx context.Context, phone Phone, why outcome) error {
	gone, err := s.Store.Hangup(ctx, phone)
	if gone {
		s.metrics.count(why)
	}
	return err
}
