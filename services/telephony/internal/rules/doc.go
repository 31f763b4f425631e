// Package rules keeps a dispatch rule in LiveKit for each PIN of each live room,
// for those who cannot let telephony answer LiveKit SIP itself: LiveKit Cloud, or
// a bus that others answer too.
//
// It is a comparison that is made again and again. Wanted are the accepted PINs
// of live rooms on trunks that take calls and name one of LiveKit's trunks, where
// the room's door admits callers at once: a rule knows no lobby. There are the
// rules that were noted. What is too much is deleted, what is missing is made;
// every change of PINs, rooms or trunks only says that it is time to compare.
//
// Invariants:
//
//   - A rule's id is stored, so it is deleted without a search.
//   - The row of a rule is there before the rule: whoever writes it makes the
//     rule, and no two do. Who dies between leaves a claim that ends.
//   - A rule in LiveKit without a row is nobody's. From time to time, and when
//     LiveKit says that a rule is there already, all rules are listed; those with
//     this suite's prefix in their names that have no row are deleted, and rows
//     without a rule too. Rules of other names are never touched.
//   - Who is to be kept out stays out: while room does not answer, no rule is
//     made, and those that are there stay.
//
// Files:
//
//	rule.go       the nouns, and the comparison
//	store.go      what storage must do
//	keeper.go     the worker, and one comparison
//	make.go       making one rule
//	reconcile.go  what LiveKit really has, and what rooms say
//	metrics.go    what operators watch
package rules
