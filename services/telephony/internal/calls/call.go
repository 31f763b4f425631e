package calls

import "time"

// State is how far a call has come. States are ordered; those from Ended on are
// ends.
type State int

// The states of a call.
const (
	Incoming State = iota + 1
	Joined
	Active
	Ended
	Failed
	// HandedOver is the end of a call here that a bridge took which lets callers in
	// by itself: what becomes of it is in the bridge's own records.
	HandedOver
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
	// CallerKey is the same for all calls of one caller, and of one call alone
	// where the number is withheld; nothing can be told from it.
	CallerKey string
	// CallerNumber is the whole number, sealed for the call; empty when it is
	// withheld or no longer kept.
	CallerNumber []byte
	// Called is in E.164 form.
	Called string
	// Started, Answered and Ended are zero until they are known.
	Started, Answered, Ended time.Time
	// EndReason is LiveKit's word for why it ended.
	EndReason string
	// SIPStatus and SIPReason are the SIP status code with which it ended and its
	// text; 0 and empty for none.
	SIPStatus int
	SIPReason string
	// Refusal is why dispatch refused it; empty when it did not.
	Refusal string
	// Updated is when the record was last written.
	Updated time.Time

	// Bridge is the name on the SIP bus of the LiveKit SIP that has the call, empty
	// where it is not known. It and Proof are kept, but not read back with a call.
	Bridge string
	Proof  Proof
}

// Proof says whether the carrier has shown the credentials of its trunk. Proofs are
// ordered as they become known.
type Proof int

// The proofs.
const (
	NotAsked Proof = iota
	Unproven
	Proven
)

// Event is a piece of what is known of a call.
type Event = Call

// Participant is the participant of a call, as LiveKit tells of it.
type Participant struct {
	CallID, RoomID string
	// TrunkID is empty where it is not known.
	TrunkID string
	// Joined tells the participants of one call apart: LiveKit SIP may come back.
	Joined time.Time
	// Left is zero while the participant is in the room.
	Left time.Time
	// LeaveReason is LiveKit's word for why it left; empty while it has not.
	LeaveReason string
}

// Quota is how many calls a trunk takes at once; 0 for any number.
type Quota struct {
	MaxCalls int
	// MaxPending is how many of them may be without a room yet.
	MaxPending int
}

// None reports whether the trunk takes any number of calls.
func (q Quota) None() bool { return q == Quota{} }

// Free reports whether there is room for one more.
func (q Quota) Free(calls, pending int) bool {
	return (q.MaxCalls == 0 || calls < q.MaxCalls) && (q.MaxPending == 0 || pending < q.MaxPending)
}

// Load is how many calls a trunk has, and how many of them have no room yet.
type Load struct{ Calls, Pending int }

// Filter selects calls; empty fields select all.
type Filter struct {
	RoomID, TrunkID string
	// Live selects calls that are not over.
	Live bool
	// Refused selects calls that dispatch refused, and on no trunk where the
	// trunk is empty.
	Refused bool
}

// Doubt selects calls that are not over on record and may be all the same. It
// names a bridge or a time, or selects none.
type Doubt struct {
	// Reason is the end reason of such a call.
	Reason string
	// Bridge selects the calls of one; empty for any.
	Bridge string
	// Before selects calls that were last updated before it; zero for any.
	Before time.Time
	// Prompt selects calls that have no room yet.
	Prompt bool
}

// None reports whether the doubt selects no call.
func (d Doubt) None() bool { return d.Bridge == "" && d.Before.IsZero() }
