// Package mail gives messages to an SMTP server.
//
// Invariants:
//
//   - Recipients stand in the envelope alone: nobody learns who else was written to.
//   - A failure says whether the server refused the message itself, for good,
//     refused it to some of its recipients, so that none has got it, or whether
//     the same message may go through later.
//   - What the server has taken is no failure, whatever happens to the connection.
package mail
