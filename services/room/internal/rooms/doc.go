// Package rooms is the domain of the room service: meeting places, who has
// which role on them, and what each person may see and do.
//
// Invariants:
//
//   - A room's slug is always the slug of its name, unique, not empty, and never
//     to be taken for an id.
//   - Whoever sees how to enter a room sees how to dial in, and nobody else
//     does: the connection and the PIN are shown together or not at all. Only
//     the operator and applications see how to dial in alone: they enter no room.
//   - A room exists as soon as CreateRoom's transaction is committed, whether or
//     not telephony has a PIN for it; see package outbox.
//   - A call that failed can be repeated. Where a repetition would do harm (a
//     room created, a PIN rotated), what can fail is fetched before the change,
//     and what comes after it is allowed to be missing.
//
// Users, connections and dial-ins belong to other services. Their messages are
// passed on as they came; nothing here depends on more than a user's defaults.
//
//	room.go           Room, Access, Role, AccessLevel
//	slug.go name.go   names, slugs and look-up keys
//	configuration.go  the closed schema of configurations
//	country.go        where a room would have its phone number
//	store.go          what a database must do
//	peers.go          what other services must do
//	service.go        Service: settings, parts, the caller
//	create.go read.go update.go delete.go rotate.go  the use cases
//	external.go       the use cases of applications that act for a user
//	callback.go       who learns of a new room without seeing it created
//	diagnose.go       rooms to test a connection in
//	view.go           a room as one person may see it
//	participant.go    who a person is in the LiveKit room
package rooms
