package calls

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/page"
)

// State is how far a call has come. States are ordered; the last two are ends.
type State int

// The states of a call.
const (
	Incoming State = iota + 1
	Joined
	Active
	Ended
	Failed
)

// Over reports whether the call has ended, well or not.
func (s State) Over() bool { return s >= Ended }

// Call is the record of one telephone call. An [Event] is the same with what is
// not known left empty.
type Call struct {
	// ID is LiveKit's id of the call, or another bridge's.
	ID      string
	TrunkID string
	// RoomID is empty until the call reached a room.
	RoomID string
	State  State
	// Caller is masked.
	Caller string
	// Called is in E.164 form.
	Called string
	// Started, Answered and Ended are zero until they are known.
	Started, Answered, Ended time.Time
	// EndReason is LiveKit's word for why it ended.
	EndReason string
	// Refusal is why dispatch refused it; empty when it did not.
	Refusal string
	// Updated is when the record was last written.
	Updated time.Time
}

// Event is a piece of what is known of a call.
type Event = Call

// Filter selects calls; empty fields select all.
type Filter struct {
	RoomID, TrunkID string
	// Live selects calls that are not over.
	Live bool
}

// Store keeps call records. Errors not named here are faults.
type Store interface {
	// RecordCall lays an event over the record of its call, creating it when it
	// is new. The state goes forward only, and not from one end to the other. Of
	// trunk, room, caller, called, the times, end reason and refusal, what is
	// known already stays; Updated is set. Same events in any order give the
	// same state.
	RecordCall(ctx context.Context, e Event) error
	// Calls returns a window of the calls that pass the filter, latest started
	// first, and how many pass it.
	Calls(ctx context.Context, f Filter, w page.Window) ([]Call, int, error)
	// FailSilentCalls makes calls that are not over and were last updated before
	// silent fail at now with the reason, limit at most, and returns how many.
	FailSilentCalls(ctx context.Context, silent, now time.Time, reason string, limit int) (int, error)
	// DeleteCalls deletes records last updated before the time, limit at most,
	// and returns how many.
	DeleteCalls(ctx context.Context, before time.Time, limit int) (int, error)
}
