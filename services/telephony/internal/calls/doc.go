// Package calls keeps the record of telephone calls.
//
// What is known of a call comes in pieces: dispatch knows trunk, room and
// refusal, LiveKit SIP tells states and times as the call goes on. Each piece
// is an [Event]; storage lays it over what it has, and a call's state only goes
// forward. Callers are stored masked; their whole numbers are kept sealed, for a
// time of their own, and opened for operators alone, who are named in the log.
//
// LiveKit tells besides when the [Participant] of a call comes and goes, and where
// it answers LiveKit SIP itself that is all that is known. Three ends are guesses,
// which what is known better undoes: calls whose participant left have ended, and
// calls of which nothing has been heard for long, or whose LiveKit SIP has left the
// bus, have failed. LiveKit SIP says nothing while a caller is in the prompt.
//
// Nothing here may delay a call: events go into a bounded queue and are written
// by one worker, in order. Events that are lost are counted and logged: the
// database was away for so long that the queue overflowed, or when the service
// stopped, or it refused them. Participants are told by webhook, which is repeated,
// and are written at once.
//
//	call.go      the nouns
//	store.go     what storage must do
//	recorder.go  the queue and its worker
//	sweep.go     the end of silent calls and old records
//	bridges.go   the end of calls whose LiveKit SIP has died
//	metrics.go   what operators watch
package calls
