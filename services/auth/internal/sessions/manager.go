package sessions

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

const (
	// maxAttempts is how many log-ins one browser may have under way.
	maxAttempts = 50
	// attemptLife is how long a person may take at the provider.
	attemptLife = 10 * time.Minute
	// sweepBatch keeps each deletion short.
	sweepBatch = 500
	sweepEvery = time.Minute
)

// Manager runs log-ins and sessions.
type Manager struct {
	store    Store
	users    *users.Directory
	provider provider.Provider
	key      *secret.Key
	clock    clock.Clock
	log      *slog.Logger
	life     time.Duration
	logins   *prometheus.CounterVec
	resolved *prometheus.CounterVec
}

// Deps are what a manager needs.
type Deps struct {
	Store    Store
	Users    *users.Directory
	Provider provider.Provider
	// Key seals the provider's ID tokens.
	Key      *secret.Key
	Clock    clock.Clock
	Logger   *slog.Logger
	Registry prometheus.Registerer
	// Life is how long a session lasts.
	Life time.Duration
}

// NewManager returns a manager.
func NewManager(d Deps) (*Manager, error) {
	m := &Manager{
		store: d.Store, users: d.Users, provider: d.Provider, key: d.Key, clock: d.Clock, log: d.Logger, life: d.Life,
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_auth_logins_total",
			Help: "Log-ins that came back from the identity provider, by outcome.",
		}, []string{"outcome"}),
		resolved: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_auth_sessions_resolved_total",
			Help: "Sessions asked for, by outcome.",
		}, []string{"outcome"}),
	}
	for _, c := range []prometheus.Collector{m.logins, m.resolved} {
		if err := d.Registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Issued is a session as the browser's cookie needs it.
type Issued struct {
	Token Token
	Life  time.Duration
}

// open makes a session value and its token; it is not stored yet.
func (m *Manager) open(userID string) (Session, Issued) {
	token, now := NewToken(), m.now()
	return Session{Hash: token.Hash(), UserID: userID, Created: now, Expires: now.Add(m.life)},
		Issued{Token: token, Life: m.life}
}

// now is the present time in the resolution that databases keep.
func (m *Manager) now() time.Time { return m.clock.Now().Truncate(time.Microsecond) }

// Resolve returns the user of a session. Errors: SESSION_NOT_FOUND, also for a
// session in which nobody is logged in, or one who may not be any more.
func (m *Manager) Resolve(ctx context.Context, token Token) (users.User, error) {
	_, user, err := m.store.FindSession(ctx, token.Hash(), m.now())
	if err == nil && (user == nil || !user.Active) {
		err = apierr.New(apierr.SessionNotFound, "")
	}
	switch {
	case err == nil:
		m.resolved.WithLabelValues("found").Inc()
		return *user, nil
	case apierr.Has(err, apierr.SessionNotFound):
		m.resolved.WithLabelValues("not_found").Inc()
	default:
		m.resolved.WithLabelValues("error").Inc()
	}
	return users.User{}, err
}

// Sweep deletes what has expired, now and then, until ctx ends.
func (m *Manager) Sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := m.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "expired sessions are not deleted, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// sweepOnce deletes batches until nothing expired is left.
func (m *Manager) sweepOnce(ctx context.Context) error {
	for {
		deleted, err := m.store.DeleteExpired(ctx, m.now(), sweepBatch)
		if err != nil || deleted == 0 {
			return err
		}
		m.log.DebugContext(ctx, "expired sessions and log-ins deleted", "count", deleted)
	}
}
