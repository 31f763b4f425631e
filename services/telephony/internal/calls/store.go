package calls

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/page"
)

// Store keeps call records. Errors not named here are faults.
type Store interface {
	// RecordCalls lays events over the records of their calls, creating those that
	// are new: all of them or, on an error, none. The state goes forward only, and
	// not from one end to the other. Of trunk, room, caller, its key and number,
	// called, bridge, the times, end reason, refusal and SIP status, what is known
	// already stays, but of Started the earliest, and of Proof the last in their
	// order; Updated is set. Same events in any order give the same state. An event
	// of a call that FailCalls has made fail shows that it went on: state, end and
	// reason are the event's. So they are where NoteParticipant has made the call end,
	// if the event is an end.
	RecordCalls(ctx context.Context, events ...Event) error
	// NoteParticipant lays what is told of a call's participant over its record. A
	// call without one gets it, started when the participant joined, if its trunk
	// exists; else nothing is noted. Nothing changes either unless the participant
	// joined later than the one that is known, or is that one and has left, or left
	// later. While it is in the room the call has Joined at least; when it has left,
	// the call has Ended with that time and reason. That is a guess: the next
	// participant undoes it, and an event that is an end replaces it. An end that an
	// event told stays; one that FailCalls made is undone. Trunk and room stay if they
	// are known. Calls that were refused, or that a bridge took, never change. Same
	// events and participants in any order give the same record.
	NoteParticipant(ctx context.Context, p Participant, now time.Time) error
	// RenewCalls makes calls that are not over, and were last updated before silent,
	// count as updated at now, if their participant is in a room that is live: limit
	// at most. It returns how many.
	RenewCalls(ctx context.Context, silent, now time.Time, limit int) (int, error)
	// AdmitCall records an event of a call that rings unless its trunk has as
	// many calls as the quota says, and reports whether it did; a call that is on
	// record, and not unproven, is not asked again. In one statement. Calls that are
	// over or unproven, or were last updated at silent or before, count for nothing.
	AdmitCall(ctx context.Context, e Event, q Quota, silent time.Time) (bool, error)
	// LiveCalls counts the calls of a trunk as AdmitCall does, and those of them
	// that have no room.
	LiveCalls(ctx context.Context, trunkID string, silent time.Time) (calls, pending int, err error)
	// Loads returns the same of every trunk that has a call.
	Loads(ctx context.Context, silent time.Time) (map[string]Load, error)
	// Calls returns a window of the calls that pass the filter, latest started
	// first, and how many pass it.
	Calls(ctx context.Context, f Filter, w page.Window) ([]Call, int, error)
	// Call returns a call. Errors: CALL_NOT_FOUND.
	Call(ctx context.Context, id string) (Call, error)
	// ChangedCalls returns the calls that pass the filter and were last updated at
	// a time or later, in the order of their updates and ids, behind a call if one
	// is given, limit at most.
	ChangedCalls(ctx context.Context, f Filter, since time.Time, after *Call, limit int) ([]Call, error)
	// Refusals returns how many calls of a trunk that started since a time were
	// refused for which reason.
	Refusals(ctx context.Context, trunkID string, since time.Time) (map[string]int, error)
	// ForgetNumbers removes the numbers of callers from calls that started before
	// the time, limit at most, and returns how many.
	ForgetNumbers(ctx context.Context, before time.Time, limit int) (int, error)
	// Bridges returns the bridges of the calls that are not over, in order.
	Bridges(ctx context.Context) ([]string, error)
	// FailCalls makes calls that are in doubt fail at now with the doubt's reason,
	// limit at most, and returns how many. That is a guess, which the next event of a
	// call undoes.
	FailCalls(ctx context.Context, d Doubt, now time.Time, limit int) (int, error)
	// DeleteCalls deletes records last updated before the time, limit at most,
	// and returns how many.
	DeleteCalls(ctx context.Context, before time.Time, limit int) (int, error)
}
