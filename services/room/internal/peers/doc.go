// Package peers asks the other services over gRPC on behalf of the domain.
//
// Invariants:
//
//   - Every question has a time limit of its own, shorter than the patience of
//     whoever waits for the answer.
//
//   - What comes back is UNAVAILABLE, a reason that the domain asked to know, or
//     INTERNAL: that a peer refuses this process is no business of the user.
//
//     errors.go     that rule
//     auth.go       Users
//     telephony.go  DialIns, and telephony for the outbox
//     token.go      Tokens
package peers
