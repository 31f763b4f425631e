package lobby

import "time"

// Status is how a request to enter stands, by its name on the wire and in the
// stores.
type Status string

// The statuses.
const (
	Waiting  Status = "waiting"
	Accepted Status = "accepted"
	Denied   Status = "denied"
)

// Entry is one person's request to enter one room.
type Entry struct {
	RoomID string
	// ParticipantID is the person in the lobby. With RoomID it is the key.
	ParticipantID string
	// Identity is what the person is called in the meeting: the user's sub, or
	// ParticipantID for who has no user.
	Identity string
	Status   Status
	// Username is the name given when the person first asked.
	Username string
	// Color is "hsl(92, 59%, 37%)".
	Color string
	// Instants in UTC, to the microsecond. CreatedAt is when the wait began.
	CreatedAt, ExpiresAt time.Time
}

// Settings are how long an entry lives in each status, and how many there may be.
type Settings struct {
	Waiting, Accepted, Denied time.Duration
	// Return is for how long who waited keeps its place after it has expired, and
	// the longest life of one who asks rarely. At least Waiting.
	Return time.Duration
	// PerAddress is how many may wait in one room from one address; 0: any number.
	PerAddress int
}

// life returns how long a decision stands.
func (s Settings) life(status Status) time.Duration {
	if status == Accepted {
		return s.Accepted
	}
	return s.Denied
}
