package identity

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Key is a public key that verifies assertions until it expires.
type Key struct {
	ID      string
	Public  ed25519.PublicKey
	Expires time.Time
}

// KeySource returns the keys in use; in practice auth's KeyService.
type KeySource func(ctx context.Context) ([]Key, error)

// refetchAfter bounds how often forged key ids make us ask auth.
const refetchAfter = time.Second

var errUnknownKey = errors.New("unknown key")

// keyCache remembers keys, so that verification works while auth is away and
// costs no call. An unknown id is looked up at the source.
type keyCache struct {
	source KeySource
	now    func() time.Time

	mu      sync.Mutex
	keys    map[string]Key
	fetched time.Time
	lastErr error
}

func newKeyCache(source KeySource, now func() time.Time) *keyCache {
	return &keyCache{source: source, now: now}
}

func (c *keyCache) get(ctx context.Context, id string) (ed25519.PublicKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.keys[id]; ok && c.now().Before(key.Expires) {
		return key.Public, nil
	}
	if c.now().Sub(c.fetched) >= refetchAfter {
		c.fetch(ctx)
	}
	if key, ok := c.keys[id]; ok && c.now().Before(key.Expires) {
		return key.Public, nil
	}
	if c.lastErr != nil {
		return nil, apierr.Wrap(apierr.Unavailable, c.lastErr)
	}
	return nil, errUnknownKey
}

// fetch replaces the keys. On failure the old ones stay. The lock is held: one
// caller asks, the others wait for its answer.
func (c *keyCache) fetch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	keys, err := c.source(ctx)
	c.lastErr = err
	if err != nil {
		return // not counted as fetched: the next caller may have more luck
	}
	c.fetched = c.now()
	c.keys = make(map[string]Key, len(keys))
	for _, key := range keys {
		if len(key.Public) == ed25519.PublicKeySize {
			c.keys[key.ID] = key
		}
	}
}
