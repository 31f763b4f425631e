// Package invitations writes to people that they may come to a room.
//
// An invitation is stored before its inviter is told that it was sent, and goes
// out as soon as the mail server takes it, also after a restart. What it says is
// written then: the link, numbers and PIN are those of the day.
//
// Invariants:
//
//   - An invitation is sent at least once, and given up only when the server
//     refuses it for good, when its room is gone, or after a day.
//   - Who is refused, now or for good, costs nobody else the invitation: one for
//     several people that is refused to any is split into one for each.
//   - Limits count who is invited, not requests; a request that is refused counts
//     for nobody.
//   - Nobody learns who else was invited. No address comes into a log.
//
// Files:
//
//	service.go  Service: who may invite, and how often
//	address.go  what an address looks like
//	worker.go   sends what is stored
//	letter.go   what an invitation says; texts.go in each language
//	calendar.go the entry for calendars
//	store.go    what a database must do
package invitations
