package keys

import (
	"context"
	"crypto/ed25519"
	"time"
)

// Key is one signing key.
type Key struct {
	ID     string
	Public ed25519.PublicKey
	// Sealed is the private key's seed, sealed for this key's id.
	Sealed  []byte
	Created time.Time
	Active  time.Time
	Retires time.Time
	Expires time.Time
}

// Store keeps keys. All methods fail with UNAVAILABLE while the database is away.
type Store interface {
	// AddKey stores a key.
	AddKey(ctx context.Context, key Key) error
	// ListKeys returns the keys that expire after now, the first to become
	// active first.
	ListKeys(ctx context.Context, now time.Time) ([]Key, error)
	// DeleteExpiredKeys deletes the keys that ListKeys does not return.
	DeleteExpiredKeys(ctx context.Context, now time.Time) error
}
