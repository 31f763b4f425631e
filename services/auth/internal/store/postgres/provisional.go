package postgres

import (
	"context"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
)

// RenameSub implements users.ProvisionalStore.
func (s *Store) RenameSub(ctx context.Context, from, to string) error {
	_, err := s.db.Pool().Exec(ctx, `
		UPDATE users SET sub = $2 WHERE sub = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE sub = $2)`, from, to)
	if _, taken := postgres.IsUnique(err); taken { // a moment ago
		return nil
	}
	return fault(err, apierr.UserNotFound)
}
