package color

import (
	"crypto/sha1" // #nosec G505 -- spreads identities over colours; protects nothing
	"encoding/binary"
	"fmt"
)

// Of returns the colour of an identity as "hsl(H, S%, L%)", with a hue of 0 to
// 360, a saturation of 50 to 75 and a lightness of 25 to 60: readable under
// white letters, as the frontend demands.
func Of(identity string) string {
	sum := sha1.Sum([]byte(identity)) // #nosec G401 -- see the import
	random := newTwister(uint32(binary.BigEndian.Uint16(sum[len(sum)-2:])))
	hue := random.below(361)
	saturation := 50 + random.below(26)
	lightness := 25 + random.below(36)
	return fmt.Sprintf("hsl(%d, %d%%, %d%%)", hue, saturation, lightness)
}
