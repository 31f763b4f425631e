// Package throttle makes guessing PINs slow.
//
// Every wrong PIN is charged to accounts: to the caller on the trunk, to the
// caller on all trunks, and, for those who withhold their number, to one
// account that they share on each trunk. An account over its [Limit] is
// refused: before it rings, and again when a PIN is asked about. Invariants:
//
//   - A call is charged once, and a call that had a wrong PIN gets no second
//     one. Both are decided in the database, so that replicas share them.
//   - The accounts are read in the same round trip that looks the PIN up. Who has
//     a wrong PIN, now or before, is judged and charged by one more statement.
//     A refused caller costs the database
//     the same work as a wrong PIN, whatever his PIN was: neither the answer nor
//     its time tells the one from the other.
//   - A right PIN lowers the caller's account on the trunk by a few slips, once
//     a window: somebody with one good PIN cannot go on guessing with it.
//   - Callers are keyed hashes; no number is kept.
//
// Calls that are asked about at the same instant are all judged by the charges
// before them, so a limit may be passed by as many as are in flight.
//
// A trunk with too many wrong PINs, whoever sends them, is guarded for a while:
// by the [Brake] when they come fast, by the [Budget] when they come slowly. A
// guarded trunk refuses withheld numbers, accepts PINs of live rooms alone and
// sends callers to the rooms' lobbies. A room whose PIN too many callers have
// is closed likewise by the [Crowd], alone.
//
// Files:
//
//	limit.go    what a limit is, and how it is written in a setting
//	account.go  accounts, attempts and what storage must do
//	book.go     which accounts a call has, and are they refused
//	brake.go    trunks with too many wrong PINs in a minute
//	budget.go   trunks with too many in a day
//	census.go   how many PINs there are to guess
//	crowd.go    rooms with too many callers
//	metrics.go  what operators watch
package throttle
