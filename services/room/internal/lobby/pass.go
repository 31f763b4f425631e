package lobby

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

// passes makes and checks the proof that an id was drawn here: the id, a dot,
// and its keyed hash. Whoever holds the pass is that person in every lobby.
type passes struct {
	key []byte
}

// pass returns the proof of the id.
func (p passes) pass(id string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(id))
	return id + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// id returns the id that the pass proves. The spelling is the canonical one:
// another would be another identity with the same proof.
func (p passes) id(pass string) (id string, ok bool) {
	id, _, _ = strings.Cut(pass, ".")
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return "", false
	}
	return id, hmac.Equal([]byte(pass), []byte(p.pass(id)))
}
