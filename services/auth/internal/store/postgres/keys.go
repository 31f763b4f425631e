package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/keys"
)

// AddKey implements keys.Store.
func (s *Store) AddKey(ctx context.Context, key keys.Key) error {
	_, err := s.db.Pool().Exec(ctx, `
		INSERT INTO signing_keys (id, public, sealed, created_at, active_at, retires_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		key.ID, []byte(key.Public), key.Sealed, key.Created, key.Active, key.Retires, key.Expires)
	return fault(err, apierr.Internal)
}

// ListKeys implements keys.Store.
func (s *Store) ListKeys(ctx context.Context, now time.Time) ([]keys.Key, error) {
	rows, err := s.db.Pool().Query(ctx, `
		SELECT id, public, sealed, created_at, active_at, retires_at, expires_at
		FROM signing_keys WHERE expires_at > $1 ORDER BY active_at, id`, now)
	if err != nil {
		return nil, fault(err, apierr.Internal)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (keys.Key, error) {
		var key keys.Key
		return key, row.Scan(&key.ID, (*[]byte)(&key.Public), &key.Sealed, &key.Created, &key.Active, &key.Retires, &key.Expires)
	})
	return list, fault(err, apierr.Internal)
}

// DeleteExpiredKeys implements keys.Store.
func (s *Store) DeleteExpiredKeys(ctx context.Context, now time.Time) error {
	_, err := s.db.Pool().Exec(ctx, `DELETE FROM signing_keys WHERE expires_at <= $1`, now)
	return fault(err, apierr.Internal)
}
