// Package phones is where callers wait who may not enter a room at once, until a
// moderator lets them in.
//
// A caller cannot be asked to come again: LiveKit SIP wants a room or the call
// ends. So it waits in the LiveKit room itself, deaf, by the permissions of its
// token, and mute: its track is muted as soon as it is there. The others see it
// and do not hear it.
//
// What has to be done is found by comparing the list of callers with who is in
// the LiveKit room, and done again until it is so. A worker does that each second
// for rooms in which somebody waits, and at once when LiveKit or a moderator says
// that something has changed. Nothing rests on a webhook, and a decision that
// LiveKit cannot be told now is not lost.
//
// Invariants:
//
//   - Rooms are attended to independently, each by one attendant at a time.
//   - A caller is on the list before it is let into the LiveKit room, once for
//     each call, and leaves it when there is nothing more to do: it was let in,
//     removed, hung up, or never came.
//   - Whoever mutes looks at the list again afterwards, as somebody else may have
//     let the caller in meanwhile; so a caller who is let in is not left mute.
//   - Of two moderators the last one counts until the decision is carried out;
//     whoever removes a caller looks at the list again just before.
//   - A caller who is let in hears, even where LiveKit refuses to unmute it.
//
// Files:
//
//	phone.go    Phone, Store: what a database must do
//	service.go  Service: admit, list, decide
//	sweep.go    the worker
//	attend.go   what is done to one caller
//	lone.go     callers who are alone
//	metrics.go  what operators see
package phones
