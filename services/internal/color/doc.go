// Package color gives every participant a stable colour, so that a person has
// the same tile colour in every browser and after every reconnect. Two services
// put it where it is seen: room into browsers' tokens and waiting lists, telephony
// into the attributes of callers.
//
// Invariant: the colour depends on the identity alone and equals, character for
// character, the one that La Suite Meet computes with CPython's random module.
// So the generator here is CPython's: MT19937, seeded as random.seed(int) does.
//
//	color.go    Of: identity -> "hsl(H, S%, L%)"
//	mt19937.go  the generator
package color
