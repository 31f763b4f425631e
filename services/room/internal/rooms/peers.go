package rooms

import (
	"context"
	"encoding/json"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
)

// The peers' errors are *apierr.Error: UNAVAILABLE when the peer does not answer
// in the time it is given, INTERNAL for what it should not say, and those named.

// Users knows people.
type Users interface {
	// Get returns the user. Errors: USER_NOT_FOUND.
	Get(ctx context.Context, id string) (*authv1.User, error)
	// ByIDs returns the users that exist among any number of ids, by id.
	ByIDs(ctx context.Context, ids []string) (map[string]*authv1.User, error)
}

// Tokens makes tokens of LiveKit.
type Tokens interface {
	// Mint returns the participant's way into a LiveKit room.
	Mint(ctx context.Context, roomID string, p Participant) (*tokenv1.Connection, error)
}

// DialIns knows how phones get into rooms.
type DialIns interface {
	// ByRooms returns the dial-ins of the rooms that have one, by room id.
	ByRooms(ctx context.Context, roomIDs []string) (map[string]*telephonyv1.DialIn, error)
	// Rotate gives the room a new PIN. Errors: PINS_EXHAUSTED, THROTTLED.
	Rotate(ctx context.Context, roomID string, r Rotation) (*telephonyv1.DialIn, error)
}

// Rotation is how a PIN is replaced.
type Rotation struct {
	// Revoke says that no other PIN opens the room any more.
	Revoke bool
	// Country is where the room would have its number; "" for where it has it.
	Country string
	// Unlimited does without the limit on the rotations of a day.
	Unlimited bool
}

// LiveRooms are the rooms that people are in at the moment.
type LiveRooms interface {
	// MergeMetadata sets keys in the JSON object that is the room's metadata and
	// keeps the others. A room in which nobody is has none, and that is no error.
	MergeMetadata(ctx context.Context, roomID string, values map[string]json.RawMessage) error
}
