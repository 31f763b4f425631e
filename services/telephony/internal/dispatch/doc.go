// Package dispatch answers the question of a SIP bridge: this call, on this
// number, with this PIN, where to?
//
// A [Resolver] asks, in this order: which trunk has the called number, does it
// know the source of the call, does it take calls, has the caller guessed too
// often, is a line free, is the PIN one of its own and accepted now, and does the room let the
// caller in. Invariants:
//
//   - Every answer is given within the deadline. What does not answer in time
//     counts as down, and the call is refused.
//   - Every refusal has a [Reason], in the log and in a metric, with the trunk.
//     The caller is never told; to him all refusals are one.
//   - Trunk state, PIN and the caller's wrong PINs are read together in one
//     round trip; only who may have to be refused, charged or forgiven costs
//     another. The copy of the trunks that finds the trunk may be a second old.
//   - Neither PINs nor numbers are logged. A participant's identity is a keyed
//     hash of its room, number and call, the name shown is masked.
//
// Files:
//
//	resolver.go  the flow
//	trunk.go     which trunk has the call, and does it take it
//	try.go       may the caller try a PIN, and does it open a door
//	door.go      the room's door, and the token that opens it
//	explain.go   the same flow, step by step, for operators
//	question.go  questions, answers and what the resolver needs
//	reason.go    why calls are refused
//	person.go    identity and name of a caller in the room
//	metrics.go   what operators watch
package dispatch
