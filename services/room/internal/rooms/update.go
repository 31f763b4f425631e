package rooms

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Patch is what a person wants to change; nil fields stay.
type Patch struct {
	Name        *string
	AccessLevel *AccessLevel
	// Configuration replaces the stored one as a whole.
	Configuration *structpb.Struct
}

// syncTimeout bounds telling LiveKit of a change that is made already.
const syncTimeout = time.Second

// Update changes a room and tells the people in it. Errors: UNAUTHENTICATED,
// ROOM_NOT_FOUND, PERMISSION_DENIED, INVALID_FIELDS, UNAVAILABLE.
func (s *Service) Update(ctx context.Context, caller Caller, idOrSlug string, patch Patch) (View, error) {
	held, err := s.administered(ctx, caller, idOrSlug)
	if err != nil {
		return View{}, err
	}
	change, err := patch.check()
	if err != nil {
		return View{}, err
	}
	before := held.Room
	if change != (Change{}) {
		if held.Room, err = s.Rooms.Update(ctx, before.ID, change, s.now()); err != nil {
			return View{}, err
		}
	}
	if before.AccessLevel != held.Room.AccessLevel || !before.Configuration.Equal(held.Room.Configuration) {
		s.tellLiveRoom(ctx, held.Room)
	}
	return s.view(ctx, caller, held)
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
	var change Change
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
	return change, invalid(wrong)
}

// tellLiveRoom lets the browsers in the room know. The change stands whether or
// not that works: a browser that missed it reads it when it next asks.
func (s *Service) tellLiveRoom(ctx context.Context, room Room) {
	if s.LiveRooms == nil {
		return
	}
	values := map[string]json.RawMessage{}
	var err error
	if values[fieldConfiguration], err = json.Marshal(room.Configuration); err == nil {
		values[fieldAccessLevel], err = json.Marshal(room.AccessLevel.String())
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, syncTimeout)
		defer cancel()
		err = s.LiveRooms.MergeMetadata(ctx, room.ID, values)
	}
	if err != nil {
		s.Logger.WarnContext(ctx, "people in the room are not told of its change", "room_id", room.ID, "error", err)
	}
}
