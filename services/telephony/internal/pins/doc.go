// Package pins gives rooms their PINs and takes them back.
//
// A PIN is a string of digits that names one room on one trunk. Invariants,
// all of them kept by constraints of the database and not by looking first:
//
//   - (trunk, PIN) is unique over all states: a PIN in quarantine is not drawn.
//   - A room has at most one current PIN.
//   - The counters of a trunk equal its PINs: both change in one statement.
//
// A PIN is current (shown and accepted), then retiring (accepted until a set
// time, after a rotation or a drain), then quarantined (answers as unknown for
// a year), then gone.
//
// Allocation: the [board] names the trunk with the lowest fill, from a copy of
// the counters that is a quarter of a second old plus what this process added
// since. On it a random draw is tried. When it collides, one statement tries
// more draws, up to a limit, and behind them the PINs from a random point on in
// order, so that a namespace serves to its last PIN; a crowded trunk gets that
// statement at once, and so serves about as fast as an empty one. It picks the
// first that is free, and the constraints still decide whether it was. Then the
// next trunk is tried; when there is none, the caller is told and so is the
// operator.
//
// Files:
//
//	pin.go        the nouns
//	store.go      what storage must do
//	allocator.go  allocate, rotate, release
//	place.go      which trunk, and draws on it
//	walk.go       the search for a gap
//	board.go      which trunk is next
//	dialin.go     what a caller needs to know
//	presence.go   which rooms are live
//	sweeper.go    the end of retiring and quarantined PINs
//	drainer.go    moving rooms off draining trunks
//	metrics.go    what operators watch
package pins
