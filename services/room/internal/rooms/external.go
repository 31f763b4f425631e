package rooms

import (
	"context"
	"crypto/rand"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	// randomNameTries is how many random names are tried; one is nearly always free.
	randomNameTries = 3
	letters         = "abcdefghijklmnopqrstuvwxyz"
)

// ExternalDraft is a room that an application wants to create for a user.
type ExternalDraft struct {
	// AccessLevel is NoAccessLevel for Trusted.
	AccessLevel   AccessLevel
	Configuration *structpb.Struct
	// ValidateOnly makes Create fail as it would, and do nothing else.
	ValidateOnly bool
}

// CreateExternal creates a room with a random name for the user for whom an
// application acts. The user's defaults do not count: the application says what
// it wants. Errors: INVALID_FIELDS, UNAVAILABLE as [Service.Create].
func (s *Service) CreateExternal(ctx context.Context, caller Caller, external ExternalDraft) (View, error) {
	level := external.AccessLevel
	if level == NoAccessLevel {
		level = Trusted
	}
	_, wrong := ParseConfiguration(external.Configuration)
	if level == Public && !s.ExternalPublic {
		wrong = append([]apierr.Violation{{
			Field: fieldAccessLevel, Code: "invalid", Text: "Public rooms are disabled for the external API.",
		}}, wrong...)
	}
	if err := invalid(wrong); err != nil || external.ValidateOnly {
		return View{}, err
	}
	for try := 1; ; try++ {
		view, err := s.Create(ctx, caller, Draft{Name: randomName(), AccessLevel: level, Configuration: external.Configuration})
		if !isSlugTaken(err) || try == randomNameTries {
			return view, err
		}
	}
}

func isSlugTaken(err error) bool {
	return apierr.Has(err, apierr.InvalidFields) && slices.ContainsFunc(apierr.From(err).Violations, func(v apierr.Violation) bool {
		return v.Field == fieldSlug && v.Code == "unique"
	})
}

// randomName returns a name as the frontend makes them: "kqz-wrtp-lmn".
func randomName() string {
	name := make([]byte, 0, 12)
	for len(name) < cap(name) {
		if len(name) == 3 || len(name) == 8 {
			name = append(name, '-')
		}
		var b [1]byte
		_, _ = rand.Read(b[:])                        // never fails, says crypto/rand
		if i := int(b[0]); i < 256-256%len(letters) { // all letters alike
			name = append(name, letters[i%len(letters)])
		}
	}
	return string(name)
}

// GetExternal returns the room of that UUID to an application. Errors:
// ROOM_NOT_FOUND, also for what is no UUID; PERMISSION_DENIED where the user has
// no role; UNAVAILABLE.
func (s *Service) GetExternal(ctx context.Context, caller Caller, id string) (View, error) {
	canonical, ok := parseID(id)
	if !ok {
		return View{}, apierr.New(apierr.RoomNotFound, "Not found.")
	}
	held, err := s.Rooms.Find(ctx, Key{ID: canonical}, caller.userID())
	if err != nil {
		return View{}, err
	}
	if held.Role == NoRole {
		return View{}, apierr.New(apierr.PermissionDenied, "")
	}
	return s.view(ctx, caller, held)
}
