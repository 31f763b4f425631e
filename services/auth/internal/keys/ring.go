package keys

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
)

const (
	// lead is how long a key is known before it signs, unless no other can.
	lead = 5 * time.Minute
	// MaxTokenLife is the longest that anything signed may be good.
	MaxTokenLife = time.Hour
	// grace is how long a key verifies after it has retired: longer than
	// anything signed is good, clocks that differ included.
	grace = MaxTokenLife + 5*time.Minute
	// checkEvery is how often a replica looks for keys made by others, and
	// whether a new one is due.
	checkEvery = time.Minute
	// MinRotation keeps the lead short against the life of a key.
	MinRotation = 4 * lead
)

// Ring is the keys of a suite. It is safe for concurrent use.
type Ring struct {
	store    Store
	key      *secret.Key
	clock    clock.Clock
	log      *slog.Logger
	rotation time.Duration

	mu      sync.Mutex
	signing []signingKey // as of the last refresh
}

type signingKey struct {
	identity.Signer
	active, retires time.Time
}

// NewRing returns a ring whose keys sign for about rotation each.
func NewRing(store Store, key *secret.Key, clk clock.Clock, log *slog.Logger, rotation time.Duration) *Ring {
	return &Ring{store: store, key: key, clock: clk, log: log, rotation: rotation}
}

// Signer returns the key to sign with now, and makes one when there is none.
// Errors: UNAVAILABLE, when it has to ask the store and cannot.
func (r *Ring) Signer(ctx context.Context) (identity.Signer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	if signer, ok := r.current(now); ok {
		return signer, nil
	}
	if err := r.refresh(ctx, now); err != nil {
		return identity.Signer{}, err
	}
	if signer, ok := r.current(now); ok {
		return signer, nil
	}
	return identity.Signer{}, apierr.New(apierr.Internal, "no signing key after a refresh")
}

// List returns every key that verifies, also those that do not sign yet. It
// asks the store each time: another replica may have made one.
func (r *Ring) List(ctx context.Context) ([]identity.Key, error) {
	stored, err := r.store.ListKeys(ctx, r.clock.Now())
	if err != nil {
		return nil, err
	}
	list := make([]identity.Key, 0, len(stored))
	for _, key := range stored {
		list = append(list, identity.Key{ID: key.ID, Public: key.Public, Expires: key.Expires})
	}
	return list, nil
}

// Rotate keeps the ring fresh until ctx ends.
func (r *Ring) Rotate(ctx context.Context) error {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		if err := r.Refresh(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "signing keys are not refreshed, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Refresh reads the keys, makes the next one when it is due, and deletes
// expired ones.
func (r *Ring) Refresh(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	if err := r.refresh(ctx, now); err != nil {
		return err
	}
	return r.store.DeleteExpiredKeys(ctx, now)
}

// current is the youngest active key that has not retired. The lock is held.
func (r *Ring) current(now time.Time) (identity.Signer, bool) {
	var best *signingKey
	for i := range r.signing { // in order of activation
		if key := &r.signing[i]; !key.active.After(now) && key.retires.After(now) {
			best = key
		}
	}
	if best == nil {
		return identity.Signer{}, false
	}
	return best.Signer, true
}

// refresh reads the keys and makes one if the last retires before a successor
// made at the next check would be active. The lock is held.
func (r *Ring) refresh(ctx context.Context, now time.Time) error {
	if err := r.read(ctx, now); err != nil {
		return err
	}
	due := true
	for _, key := range r.signing {
		if key.retires.After(now.Add(2 * lead)) {
			due = false
		}
	}
	if !due {
		return nil
	}
	active := now.Add(lead)
	if _, ok := r.current(now); !ok {
		active = now // nobody can sign: verifiers fetch it when they meet it
	}
	key := r.generate(now, active)
	if err := r.store.AddKey(ctx, key); err != nil {
		return err
	}
	r.log.InfoContext(ctx, "signing key made", "key_id", key.ID, "active", key.Active)
	return r.read(ctx, now)
}

// read takes the keys from the store. One that does not open was sealed under
// another SECRET_KEY: it still verifies, and signs nothing.
func (r *Ring) read(ctx context.Context, now time.Time) error {
	stored, err := r.store.ListKeys(ctx, now)
	if err != nil {
		return err
	}
	signing := make([]signingKey, 0, len(stored))
	for _, key := range stored {
		seed, err := r.key.Open(key.Sealed, sealContext(key.ID))
		if err == nil && len(seed) != ed25519.SeedSize {
			err = fmt.Errorf("a seed of %d bytes", len(seed))
		}
		if err != nil {
			r.log.WarnContext(ctx, "a signing key cannot be used", "key_id", key.ID, "error", err)
			continue
		}
		signing = append(signing, signingKey{
			Signer: identity.Signer{KeyID: key.ID, Key: ed25519.NewKeyFromSeed(seed)},
			active: key.Active, retires: key.Retires,
		})
	}
	r.signing = signing
	return nil
}

func (r *Ring) generate(now, active time.Time) Key {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails, says crypto/rand
	id, retires := rand.Text(), active.Add(r.rotation)
	return Key{
		ID:      id,
		Public:  ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey),
		Sealed:  r.key.Seal(seed, sealContext(id)),
		Created: now.Truncate(time.Microsecond),
		Active:  active.Truncate(time.Microsecond),
		Retires: retires.Truncate(time.Microsecond),
		Expires: retires.Add(grace).Truncate(time.Microsecond),
	}
}

func sealContext(id string) string { return "signing-key/" + id }
