package sqlite

import (
	"context"

	"github.com/parleymeet/parley/pkg/apierr"
)

// RenameSub implements users.ProvisionalStore.
func (s *Store) RenameSub(ctx context.Context, from, to string) error {
	_, err := s.exec(ctx, `
		UPDATE users SET sub = ?2 WHERE sub = ?1 AND NOT EXISTS (SELECT 1 FROM users WHERE sub = ?2)`, from, to)
	return fault(err, apierr.UserNotFound)
}
