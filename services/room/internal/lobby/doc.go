// Package lobby is where people wait in the browser who may not enter a room at
// once, until a moderator lets them in. Callers wait in package phones; to
// moderators they are one list.
//
// A person asks each second. Nothing is pushed to it, and what is stored about
// it lives only for as long as it asks: an entry that waits expires after three
// seconds, one that was let in after six hours, one that was not after five
// seconds. Who asks rarely, from a tab in the background or a server that is
// slow, is given longer, and who is late keeps the place. Invariants:
//
//   - An entry that has expired is never shown, whether or not it was removed.
//     Removal is housekeeping and may be late.
//   - Who may enter is judged again at every question: a room that was made
//     public lets in whoever waits, and no entry is written for who needs none.
//   - Asking again changes one row by its primary key and no index, and those
//     who ask at the same time are one batch: one look at the room, one
//     statement. Of a crowd not every question is written: each lives up to twice
//     as long instead, and never less than three seconds after it asked. So
//     thousands may ask each second.
//   - From one address no more than so many wait in a room, so that nobody can
//     fill the list, of which moderators see the longest waiting and the latest.
//   - A person's id is one that this suite drew at random, proved by a pass. A
//     browser cannot choose it, so nobody enters a meeting as somebody else.
//
// Files:
//
//	entry.go    Entry, Status, Settings
//	store.go    what a database must do
//	pass.go     the proof of an id
//	service.go  Service: list, decide
//	ask.go      Service: ask, together with others
//	places.go   how many may wait from one address
//	bell.go     tells a meeting that somebody waits
//	sweep.go    removes what has expired
package lobby
