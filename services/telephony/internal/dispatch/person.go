package dispatch

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"

	"github.com/parleymeet/parley/services/telephony/internal/e164"
)

const (
	identityPrefix = "sip_"
	identityBytes  = 16
	// phoneNames is how many names there are for callers who withhold their
	// number. Two with the same name still differ by identity.
	phoneNames = 99
)

// Person is a caller as the others in the room see it.
type Person struct {
	// Identity starts with "sip_". It is that of one call in one room, and the same
	// however often is asked about that call.
	Identity string
	Name     string
}

// personOf names the caller of one call in one room. LiveKit lets one participant
// have an identity and removes who had it before. So the call is part of it: many
// may share a number, and anybody may claim one. A call without an id is a new one
// each time. key makes identities of guessed numbers impossible to compute.
func personOf(key []byte, roomID, caller, callID string) Person {
	p := Person{Identity: identityPrefix + randomHex(), Name: e164.Masked(caller)}
	if caller == "" {
		p.Name = fmt.Sprintf("Phone %d", phoneNumber(callID))
	}
	if callID != "" {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(roomID + "\x00" + caller + "\x00" + callID))
		p.Identity = identityPrefix + hex.EncodeToString(mac.Sum(nil)[:identityBytes])
	}
	return p
}

func phoneNumber(callID string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(callID)) // never fails
	return h.Sum32()%phoneNames + 1
}

func randomHex() string {
	raw := make([]byte, identityBytes)
	_, _ = rand.Read(raw) // never fails, says crypto/rand
	return hex.EncodeToString(raw)
}
