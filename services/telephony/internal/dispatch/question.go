package dispatch

import (
	"context"
	"time"

	"google.golang.org/grpc"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// Question is what a bridge knows of a call. All of it comes from outside and
// may be anything.
type Question struct {
	// CallID is the bridge's id of the call.
	CallID string
	// TrunkID is the trunk that an earlier answer named; "" to find it by number.
	TrunkID string
	// Bridge is the name on the SIP bus of the LiveKit SIP that asks.
	Bridge string
	// Called are the numbers under which the call may be known, best first.
	Called []string
	// Caller is empty or a word such as "anonymous" when withheld.
	Caller string
	// Source is the address from which the call came. It is checked against the
	// trunk unless AnySource is set, for bridges that do not know it.
	Source    string
	AnySource bool
	// PIN is empty while the caller has not been asked.
	PIN string
	// NoPIN says that the caller was asked and gave none.
	NoPIN bool
	// Trial says that there is no call: nobody is throttled and nothing charged.
	Trial bool
}

// stage is that of a question about a call that rings.
func (q *Question) stage() Stage {
	if q.PIN == "" && !q.NoPIN {
		return StagePrompt
	}
	return StagePIN
}

// Result is the answer to a question.
type Result string

// The answers.
const (
	Accept     Result = "accept"
	Reject     Result = "reject"
	RequestPIN Result = "request_pin"
	// Ring is the answer to a call that has not been taken yet: let it ring.
	Ring Result = "ring"
)

// Stage is how far a call had come when it was asked about.
type Stage string

// The stages, in their order.
const (
	// StageAuthenticate is before it rings: which trunk, and does it take the call?
	StageAuthenticate Stage = "authenticate"
	// StagePrompt is before the caller is asked for a PIN.
	StagePrompt Stage = "prompt"
	// StagePIN is with a PIN, or with none from somebody who was asked.
	StagePIN Stage = "pin"
)

// Decision is an answer with what it rests on.
type Decision struct {
	Result Result
	// Reason is set on Reject.
	Reason Reason
	// TrunkID is empty when no trunk was found.
	TrunkID string
	// RoomID is set on Accept, and on a Reject by the room.
	RoomID string
	// Called and Caller are in E.164 form, empty when unknown or withheld.
	Called, Caller string

	// dialled is what no trunk has, as it was sent.
	dialled []string
	stage   Stage
	// proof says whether the carrier has shown its credentials.
	proof calls.Proof
	// handsOver says that a bridge asks which lets the caller in by itself.
	handsOver bool
	// enters says that the caller is let in on Accept, as person, into the lobby
	// if it waits.
	enters, waits bool
	person        Person
}

// Entry is what LiveKit SIP needs to put an accepted caller into the room.
type Entry struct {
	Person
	Attributes map[string]string
	// Connection has the LiveKit URL and the token.
	Connection *tokenv1.Connection
}

// Lookup is what storage knows of a PIN on a trunk.
type Lookup struct {
	// TrunkFound says whether the trunk exists; without it the rest is empty.
	TrunkFound bool
	TrunkState trunks.State
	// Found says whether the trunk has the PIN in any state.
	Found    bool
	PINState pins.State
	RoomID   string
	// Until is when the PIN's state ends; zero for a current PIN.
	Until time.Time
	// Arming, Guard and GuardedUntil are the trunk's.
	Arming       trunks.Arming
	Guard        trunks.Guard
	GuardedUntil time.Time
	// Live says whether LiveKit has the PIN's room.
	Live bool
	// CrowdedUntil is until when callers wait in the room's lobby because too
	// many have its PIN; zero if they never had to.
	CrowdedUntil time.Time
}

// Guarded reports whether the trunk is guarded.
func (l Lookup) Guarded(now time.Time) bool { return l.Guard.Holds(now, l.GuardedUntil) }

// Good reports whether the PIN is current, or retiring and not over yet.
func (l Lookup) Good(now time.Time) bool {
	return l.PINState == pins.Current || (l.PINState == pins.Retiring && now.Before(l.Until))
}

// Armed reports whether a good PIN opens its room now.
func (l Lookup) Armed(now time.Time) bool {
	return l.Live || (l.Arming != trunks.ArmingLive && !l.Guarded(now))
}

// LobbyForced reports whether a caller has to wait in the lobby of a room that
// would admit him.
func (l Lookup) LobbyForced(now time.Time) bool { return l.Guarded(now) || now.Before(l.CrowdedUntil) }

// Tried is what came of an attempt.
type Tried struct {
	Lookup
	// Throttled says that the caller is refused, whatever his PIN.
	Throttled bool
	// Charged is how many wrong PINs each account of the attempt has now; empty
	// when it was not charged.
	Charged []int
}

// Store looks PINs up.
type Store interface {
	// LookupPIN returns the trunk's state, the PIN and whether its room is live,
	// in one round trip.
	LookupPIN(ctx context.Context, trunkID, digits string) (Lookup, error)
	// TryPIN returns the same and judges the caller, atomically, and in one round
	// trip where the PIN is accepted of somebody without wrong PINs. He is throttled when one of the accounts is refused, when
	// his call had a wrong PIN before, or when he withholds his number and the
	// trunk is guarded. On a trunk that takes calls:
	//
	//   - A PIN that is unknown, quarantined or over by the attempt's time is charged to
	//     each account, once a call: its window begins anew if it is over, and
	//     its last wrong PIN is now.
	//   - The PIN of somebody throttled is not judged: a refused call is counted
	//     in each account, and neither its wrong PINs nor its times change.
	//   - A good PIN that is not armed is nobody's slip. It costs storage the same
	//     work, so that its time does not tell it from a wrong one, but no
	//     account is charged, and the call is noted as one that had its try.
	//   - An accepted PIN takes Forgive wrong PINs off the caller's account on
	//     the trunk, if it has any and this is the first time in the window.
	//
	// On other trunks nothing is written.
	TryPIN(ctx context.Context, a throttle.Attempt) (Tried, error)
}

// Throttle knows who may try a PIN; throttle.Book meets it.
type Throttle interface {
	Attempt(trunkID, number, callID, digits string) throttle.Attempt
	Charged(ctx context.Context, a throttle.Attempt, wrong []int)
	Refuses(ctx context.Context, trunkID, number string) (*throttle.Account, error)
	Key(number, callID string) string
}

// Lines know how many calls a trunk has, and keep callers' numbers; calls.Recorder meets it.
type Lines interface {
	Admit(ctx context.Context, e calls.Event, q calls.Quota) (bool, error)
	Busy(ctx context.Context, trunkID string, q calls.Quota) (bool, error)
	SealNumber(callID, number string) []byte
}

// Door is the room service's answer for a caller; AdmissionServiceClient meets it.
type Door interface {
	GetAdmission(ctx context.Context, in *roomv1.GetAdmissionRequest, opts ...grpc.CallOption) (*roomv1.GetAdmissionResponse, error)
}

// Minter mints tokens for callers; TokenServiceClient meets it.
type Minter interface {
	MintPhoneToken(ctx context.Context, in *tokenv1.MintPhoneTokenRequest, opts ...grpc.CallOption) (*tokenv1.MintPhoneTokenResponse, error)
}

// Recorder keeps what was decided about a call; it must not block.
type Recorder interface {
	Record(e calls.Event)
}
