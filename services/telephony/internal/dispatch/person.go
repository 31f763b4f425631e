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
	// Identity starts with "sip_". The same number has the same identity in one
	// room and another in the next.
	Identity string
	Name     string
}

// personOf names the caller of one call in one room. key makes identities of
// guessed numbers impossible to compute.
func personOf(key []byte, roomID, caller, callID string) Person {
	if caller == "" {
		return Person{Identity: identityPrefix + randomHex(), Name: fmt.Sprintf("Phone %d", phoneNumber(callID))}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(roomID + "\x00" + caller))
	return Person{
		Identity: identityPrefix + hex.EncodeToString(mac.Sum(nil)[:identityBytes]),
		Name:     e164.Masked(caller),
	}
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
