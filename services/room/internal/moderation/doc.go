// Package moderation acts on people in a meeting, through LiveKit: mute, remove,
// change, give a role, raise a hand, rename.
//
// Two kinds of people may. Moderators are users with a role on the room. Others
// prove with their meeting token which participant of which room they are; that
// is a participant's credential and gives no user's rights, whoever holds it.
//
// Invariants:
//
//   - Who may is judged before what is wanted: a room that does not exist, then a
//     right that is missing, then the rest.
//   - A failure of LiveKit is told as one, never taken for somebody's absence,
//     but where the rule asks for presence: who cannot be seen is not there.
//   - A caller who waits in the meeting is left to package phones, which tries
//     until it is gone.
//   - An owner's role is never changed here, whatever happens at the same time.
//
// Files:
//
//	service.go  Service and what it is built of
//	rights.go   who may
//	people.go   what is done to others
//	self.go     what people do to themselves
//	role.go     roles
package moderation
