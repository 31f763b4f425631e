// Package calls keeps the record of telephone calls.
//
// What is known of a call comes in pieces: dispatch knows trunk, room and
// refusal, LiveKit SIP tells states and times as the call goes on. Each piece
// is an [Event]; storage lays it over what it has, and a call's state only goes
// forward. Callers are stored masked, never as whole numbers.
//
// Nothing here may delay a call: events go into a bounded queue and are written
// by one worker, in order. When the database is away for so long that the
// queue overflows, events are dropped, counted and reported.
//
//	call.go      the nouns and what storage must do
//	recorder.go  the queue, its worker, and the end of old records
package calls
