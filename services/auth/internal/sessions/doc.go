// Package sessions keeps browsers' sessions and the log-ins that lead to them.
//
// Invariants:
//
//   - A session's token is 256 random bits. Only its SHA-256 is stored, so a
//     copy of the database opens nobody's session.
//   - A session ends a fixed time after it was made, however much it is used.
//   - A log-in always makes a new session and ends the one it began in, so a
//     token planted in a browser beforehand is worth nothing afterwards.
//   - A log-in attempt belongs to one session, is good for ten minutes, and is
//     used up by the first answer to it, good or bad. A session holds at most
//     fifty; the oldest give way.
//   - Attempts that are open in other tabs move on to the new session.
//
// Files:
//
//	session.go  Session, Token, Attempt, Store
//	manager.go  Manager: sessions found and swept
//	login.go    the log-in, before and after the visit to the provider
//	logout.go   the log-out, in the same two steps, and that by the provider
package sessions
