// Package secret keeps small secrets safe at rest: trunk passwords, signing keys.
//
// One key comes from the configuration (SECRET_KEY, 32 bytes in base64). What
// is sealed is bound to a context, such as a table and a row, so that a sealed
// value copied to another row does not open there. Keys for other uses, such as
// keyed hashes of phone numbers, are derived from it by label.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Size is the length of a key in bytes.
const Size = 32

// Key seals and opens secrets.
type Key struct {
	master []byte
	aead   cipher.AEAD
}

// Generate returns a new random key in the form that [Parse] takes.
func Generate() string {
	raw := make([]byte, Size)
	_, _ = rand.Read(raw) // never fails, says crypto/rand
	return base64.StdEncoding.EncodeToString(raw)
}

// Parse reads a key from base64.
func Parse(text string) (*Key, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != Size {
		return nil, fmt.Errorf("SECRET_KEY must be %d random bytes in base64; make one with: openssl rand -base64 %d", Size, Size)
	}
	k := &Key{master: raw}
	block, err := aes.NewCipher(k.Derive("seal"))
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	k.aead, err = cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	return k, nil
}

// Derive returns 32 bytes for another use, the same for the same key and label.
func (k *Key) Derive(label string) []byte {
	derived, err := hkdf.Key(sha256.New, k.master, nil, "parley/"+label, Size)
	if err != nil {
		panic(err) // only for lengths beyond 255 hashes
	}
	return derived
}

// Seal encrypts plain for the context.
func (k *Key) Seal(plain []byte, context string) []byte {
	return k.aead.Seal(nil, nil, plain, []byte(context)) // #nosec G407 -- this AEAD draws its own nonce
}

// ErrOpen says that a sealed value is damaged, was sealed for another context,
// or with another key.
var ErrOpen = errors.New("a sealed secret does not open: damaged, or SECRET_KEY is not the one that sealed it")

// Open decrypts what Seal made for the same context.
func (k *Key) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := k.aead.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}
