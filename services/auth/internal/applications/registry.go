package applications

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

// DefaultGrace is how long a secret is good after it was replaced, if nobody
// says otherwise.
const DefaultGrace = 24 * time.Hour

// Registry is what operators do with applications.
type Registry struct {
	store Store
	clock clock.Clock
}

// NewRegistry returns a registry over the store.
func NewRegistry(store Store, clk clock.Clock) *Registry { return &Registry{store: store, clock: clk} }

// Create adds an application and returns it with its secret, which nobody can
// tell again. Errors: INVALID_FIELDS.
func (r *Registry) Create(ctx context.Context, draft Draft) (Application, Secret, error) {
	if draft.Name == nil {
		draft.Name = new(string) // told as blank
	}
	change, err := draft.change()
	if err != nil || draft.ValidateOnly {
		return Application{}, "", err
	}
	secret := NewSecret()
	app := Application{
		ID: rand.Text(), Name: *change.Name, Active: true, Created: r.now(),
		Secrets: Secrets{Current: secret.Hash()},
	}
	if change.Scopes != nil {
		app.Scopes = *change.Scopes
	}
	if change.Domains != nil {
		app.Domains = *change.Domains
	}
	if err := r.store.AddApplication(ctx, app); err != nil {
		return Application{}, "", err
	}
	return app, secret, nil
}

// Get returns an application. Errors: APPLICATION_NOT_FOUND.
func (r *Registry) Get(ctx context.Context, id string) (Application, error) {
	return r.store.FindApplication(ctx, id)
}

// List returns at most limit applications by name, after the first skip ones,
// and how many there are in all.
func (r *Registry) List(ctx context.Context, skip, limit int) ([]Application, int, error) {
	return r.store.ListApplications(ctx, skip, limit)
}

// Update changes what the draft says. Errors: INVALID_FIELDS, APPLICATION_NOT_FOUND.
func (r *Registry) Update(ctx context.Context, id string, draft Draft) (Application, error) {
	change, err := draft.change()
	if err != nil || draft.ValidateOnly {
		if _, absent := r.store.FindApplication(ctx, id); absent != nil {
			return Application{}, absent
		}
		return Application{}, err
	}
	return r.store.ChangeApplication(ctx, id, change)
}

// RotateSecret gives an application a new secret and leaves the present one good
// for the grace. Errors: APPLICATION_NOT_FOUND.
func (r *Registry) RotateSecret(ctx context.Context, id string, grace time.Duration) (Application, Secret, error) {
	secret := NewSecret()
	app, err := r.store.RotateSecret(ctx, id, secret.Hash(), r.now().Add(grace))
	if err != nil {
		return Application{}, "", err
	}
	return app, secret, nil
}

// Delete deletes an application. Errors: APPLICATION_NOT_FOUND.
func (r *Registry) Delete(ctx context.Context, id string) error {
	return r.store.DeleteApplication(ctx, id)
}

// OldSecretExpires returns until when the old secret is good; zero when it is not.
func (r *Registry) OldSecretExpires(app Application) time.Time {
	if !r.clock.Now().Before(app.Secrets.OldExpires) {
		return time.Time{}
	}
	return app.Secrets.OldExpires
}

// now is the present time in the resolution that databases keep.
func (r *Registry) now() time.Time { return r.clock.Now().Truncate(time.Microsecond) }
