package color

import (
	"crypto/sha1" // #nosec G505 -- spreads identities over colours; protects nothing
	"encoding/binary"
	"fmt"
	"sync"
)

// seeds is how many seeds there are, and so no more colours.
const seeds = 1 << 16

// known has the colours worked out so far, by seed: each costs two thousand steps
// of a generator, and guests in a lobby need theirs every second.
var known [seeds]struct {
	sync.Once
	color string
}

// Of returns the colour of an identity as "hsl(H, S%, L%)", with a hue of 0 to
// 360, a saturation of 50 to 75 and a lightness of 25 to 60: readable under
// white letters, as the frontend demands.
func Of(identity string) string {
	sum := sha1.Sum([]byte(identity)) // #nosec G401 -- see the import
	seed := binary.BigEndian.Uint16(sum[len(sum)-2:])
	k := &known[seed]
	k.Do(func() { k.color = ofSeed(uint32(seed)) })
	return k.color
}

func ofSeed(seed uint32) string {
	random := newTwister(seed)
	hue := random.below(361)
	saturation := 50 + random.below(26)
	lightness := 25 + random.below(36)
	return fmt.Sprintf("hsl(%d, %d%%, %d%%)", hue, saturation, lightness)
}
