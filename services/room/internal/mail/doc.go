// Package mail gives messages to an SMTP server.
//
// Invariants:
//
//   - Recipients stand in the envelope alone: nobody learns who else was written to.
//   - A failure says whether the server refused the message itself, for good, or
//     whether the same message may go through later.
package mail
