package rooms

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// Patch is what a person wants to change; nil fields stay.
type Patch struct {
	Name        *string
	AccessLevel *AccessLevel
	// Configuration replaces the stored one as a whole.
	Configuration *structpb.Struct
	PhoneAccess   *PhoneAccess
	PhoneCountry  *string
	// ValidateOnly makes Update fail as it would, and do nothing else.
	ValidateOnly bool
}

const (
	// syncTimeout bounds telling LiveKit once.
	syncTimeout = time.Second
	// maxPushes bounds how often it is told of a room that goes on changing.
	maxPushes = 5
)

// Update changes a room. The people in it are told a moment later. Errors: UNAUTHENTICATED,
// ROOM_NOT_FOUND, PERMISSION_DENIED, INVALID_FIELDS, UNAVAILABLE.
func (s *Service) Update(ctx context.Context, caller Caller, idOrSlug string, patch Patch) (View, error) {
	held, err := s.administered(ctx, caller, idOrSlug)
	if err != nil {
		return View{}, err
	}
	change, err := patch.check()
	if err != nil || patch.ValidateOnly {
		return View{}, err
	}
	if change != (Change{}) {
		if held.Room, err = s.change(ctx, held.Room, change); err != nil {
			return View{}, err
		}
		select {
		case s.Owed <- struct{}{}:
		default: // whoever pays is about to look anyway
		}
	}
	return s.view(ctx, caller, held)
}

// change writes a change. Telephony is told of another country, which it needs
// when a trunk is drained: as with a new PIN, the task is there first, so that it
// is told also if it is away or this process dies.
func (s *Service) change(ctx context.Context, before Room, change Change) (Room, error) {
	if change.PhoneCountry == nil || *change.PhoneCountry == before.PhoneCountry {
		return s.Rooms.Update(ctx, before.ID, change, s.now())
	}
	lease := s.Outbox.Lease()
	task, err := s.Rooms.Hold(ctx, lease.Task(before.ID, outbox.Allocate), lease.Until)
	if err != nil {
		return Room{}, err
	}
	room, err := s.Rooms.Update(ctx, before.ID, change, s.now())
	if err != nil {
		return Room{}, err
	}
	task.Country = room.PhoneCountry
	s.Outbox.DeliverAllocation(ctx, lease, task)
	return room, nil
}

// administered finds a room that the user may change.
func (s *Service) administered(ctx context.Context, caller Caller, idOrSlug string) (Held, error) {
	if err := caller.known(); err != nil {
		return Held{}, err
	}
	held, err := s.Rooms.Find(ctx, ParseKey(idOrSlug), caller.userID())
	if err != nil {
		return Held{}, err
	}
	if !held.Role.Administers() {
		return Held{}, apierr.New(apierr.PermissionDenied, "")
	}
	return held, nil
}

// check turns a patch into a change, or reports everything that is wrong.
func (p Patch) check() (Change, error) {
	change := Change{PhoneAccess: p.PhoneAccess}
	var wrong []apierr.Violation
	if p.Name != nil {
		name, slug, wrongName := parseName(*p.Name)
		if wrongName != nil {
			wrong = append(wrong, *wrongName)
		}
		change.Name, change.Slug = &name, &slug
	}
	if p.AccessLevel != nil && *p.AccessLevel == NoAccessLevel {
		wrong = append(wrong, wrongChoice(""))
	}
	change.AccessLevel = p.AccessLevel
	if p.Configuration != nil {
		configuration, wrongKeys := ParseConfiguration(p.Configuration)
		wrong = append(wrong, wrongKeys...)
		change.Configuration = &configuration
	}
	if p.PhoneCountry != nil {
		country, wrongCountry := parseCountry(*p.PhoneCountry)
		if wrongCountry != nil {
			wrong = append(wrong, *wrongCountry)
		}
		change.PhoneCountry = &country
	}
	return change, invalid(wrong)
}

// PushMetadata tells the browsers in a room what it is like now. A room that
// does not exist needs nothing.
//
// Several processes may do that at once, and what one has read another may have
// overtaken before it is told. So each looks again behind what it told, until the
// room is as it said: then the last word is the truth, whoever has it.
func (s *Service) PushMetadata(ctx context.Context, roomID string) error {
	var told *Room
	for range maxPushes {
		held, err := s.Rooms.Find(ctx, Key{ID: roomID}, "")
		switch {
		case apierr.Has(err, apierr.RoomNotFound):
			return nil
		case err != nil:
			return err
		case told != nil && told.AccessLevel == held.Room.AccessLevel && told.Configuration.Equal(held.Room.Configuration):
			return nil
		}
		if err := s.pushMetadata(ctx, held.Room); err != nil {
			return err
		}
		told = &held.Room
	}
	return fmt.Errorf("room %s is changed faster than its people can be told", roomID)
}

func (s *Service) pushMetadata(ctx context.Context, room Room) error {
	configuration, err := json.Marshal(room.Configuration)
	if err != nil {
		return fmt.Errorf("encode configuration: %w", err)
	}
	level, err := json.Marshal(room.AccessLevel.String())
	if err != nil {
		return fmt.Errorf("encode access level: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	return s.LiveRooms.MergeMetadata(ctx, room.ID, map[string]json.RawMessage{
		fieldConfiguration: configuration, fieldAccessLevel: level,
	})
}
