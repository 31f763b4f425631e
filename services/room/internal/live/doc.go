// Package live knows which rooms people are in at the moment: those that LiveKit
// has. Others are told: the lobby, which is emptied when a meeting ends, those who
// attend to callers, and telephony, which may open doors only of meetings that are held
// and keeps the records of calls.
//
// LiveKit tells by webhook. That is quick, but requests get lost, repeated and
// overtaken, so nothing rests on any of them: at start and every so often LiveKit
// is asked for all its rooms, and what was missed is mended.
//
// Invariants:
//
//   - Each life of a room has LiveKit's own id and the time it began. What is
//     told of a life older than the one that is known, or of one that is known to
//     have ended, changes nothing.
//   - While LiveKit does not answer, what is known stays.
//   - Each change of a room has a later time than the one before, and is owed to
//     telephony until it is told. The debt is in the database; a crash, or a
//     telephony that is away, delays it and no more.
//   - Telephony is told of a call's participant as LiveKit tells it, and once more
//     when LiveKit repeats it because telephony was away. What is lost all the same,
//     telephony makes good when it hears no more of the call.
//   - A change of a room is owed to the people in it with the change itself, and
//     they are told what the room is like when they are, never what it was like.
//
// Files:
//
//	store.go    State, Store: what a database must do
//	service.go  Service and what it is built of
//	receive.go  events
//	listen.go   asking LiveKit for its rooms
//	debts.go    what is owed to telephony and to meetings
//	metrics.go  what operators see
package live
