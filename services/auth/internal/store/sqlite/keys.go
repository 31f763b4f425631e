package sqlite

import (
	"context"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/keys"
)

// AddKey implements keys.Store.
func (s *Store) AddKey(ctx context.Context, key keys.Key) error {
	_, err := s.exec(ctx, `
		INSERT INTO signing_keys (id, public, sealed, created_at, active_at, retires_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		key.ID, []byte(key.Public), key.Sealed,
		key.Created.UnixMicro(), key.Active.UnixMicro(), key.Retires.UnixMicro(), key.Expires.UnixMicro())
	return fault(err, apierr.Internal)
}

// ListKeys implements keys.Store.
func (s *Store) ListKeys(ctx context.Context, now time.Time) ([]keys.Key, error) {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT id, public, sealed, created_at, active_at, retires_at, expires_at
		FROM signing_keys WHERE expires_at > ? ORDER BY active_at, id`, now.UnixMicro())
	if err != nil {
		return nil, fault(err, apierr.Internal)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	var list []keys.Key
	for rows.Next() {
		var key keys.Key
		if err := rows.Scan(&key.ID, (*[]byte)(&key.Public), &key.Sealed, instant{&key.Created},
			instant{&key.Active}, instant{&key.Retires}, instant{&key.Expires}); err != nil {
			return nil, fault(err, apierr.Internal)
		}
		list = append(list, key)
	}
	return list, fault(rows.Err(), apierr.Internal)
}

// DeleteExpiredKeys implements keys.Store.
func (s *Store) DeleteExpiredKeys(ctx context.Context, now time.Time) error {
	_, err := s.exec(ctx, `DELETE FROM signing_keys WHERE expires_at <= ?`, now.UnixMicro())
	return fault(err, apierr.Internal)
}
