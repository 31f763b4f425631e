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

// KeyCache remembers keys, so that verification works while auth is away and
// costs no call. An unknown id is looked up at the source.
type KeyCache struct {
	source KeySource
	now    func() time.Time

	mu      sync.Mutex
	keys    map[string]Key
	fetched time.Time
	lastErr error
}

// NewKeyCache returns an empty cache. source is asked for keys when an unknown
// one is met, at most once a second.
func NewKeyCache(source KeySource, now func() time.Time) *KeyCache {
	return &KeyCache{source: source, now: now}
}

// Get returns the key of that id. Errors: UNAVAILABLE when it is not known and
// the source does not answer; another when there is none.
func (c *KeyCache) Get(ctx context.Context, id string) (ed25519.PublicKey, error) {
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
func (c *KeyCache) fetch(ctx context.Context) {
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
