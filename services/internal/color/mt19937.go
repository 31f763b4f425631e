package color

import "math/bits"

// The parameters of MT19937.
const (
	stateSize = 624
	shiftSize = 397
	matrix    = 0x9908b0df
	upperMask = 0x80000000
	lowerMask = 0x7fffffff
)

// twister is the generator MT19937 of Matsumoto and Nishimura.
type twister struct {
	state [stateSize]uint32
	next  int // index of the next word to hand out
}

// newTwister seeds a generator by the authors' init_by_array with the
// one-element key [seed], which is what CPython does for a small integer.
func newTwister(seed uint32) *twister {
	t := &twister{next: stateSize}
	s := &t.state
	s[0] = 19650218
	for i := 1; i < stateSize; i++ {
		s[i] = 1812433253*(s[i-1]^s[i-1]>>30) + uint32(i)
	}
	i := 1
	for range stateSize {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + seed
		i = t.step(i)
	}
	for range stateSize - 1 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		i = t.step(i)
	}
	s[0] = upperMask // assures a state that is not all zero
	return t
}

// step returns the index after i in the seeding, which goes round the state.
func (t *twister) step(i int) int {
	if i+1 < stateSize {
		return i + 1
	}
	t.state[0] = t.state[stateSize-1]
	return 1
}

// refill computes the next words of the state.
func (t *twister) refill() {
	s := &t.state
	for i := range stateSize {
		y := s[i]&upperMask | s[(i+1)%stateSize]&lowerMask
		s[i] = s[(i+shiftSize)%stateSize] ^ y>>1 ^ (y&1)*matrix
	}
	t.next = 0
}

// uint32 returns the next 32 bits.
func (t *twister) uint32() uint32 {
	if t.next == stateSize {
		t.refill()
	}
	y := t.state[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// below returns a number of 0 to n-1: the top bits of an output, drawn again
// while they are too large, as CPython's randrange does.
func (t *twister) below(n uint32) uint32 {
	shift := 32 - bits.Len32(n)
	for {
		if r := t.uint32() >> shift; r < n {
			return r
		}
	}
}
