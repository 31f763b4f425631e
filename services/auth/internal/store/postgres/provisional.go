package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// FindUsersByEmail implements users.ProvisionalStore.
func (s *Store) FindUsersByEmail(ctx context.Context, email string, limit int) ([]users.User, error) {
	rows, err := s.db.Pool().Query(ctx, `
		SELECT `+userColumns+` FROM users WHERE email_key = $1 ORDER BY created_at, id LIMIT $2`,
		strings.ToLower(email), limit)
	if err != nil {
		return nil, fault(err, apierr.UserNotFound)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (users.User, error) {
		var u users.User
		return u, row.Scan(userFields(&u)...)
	})
	return found, fault(err, apierr.UserNotFound)
}

// RenameSub implements users.ProvisionalStore.
func (s *Store) RenameSub(ctx context.Context, from, to string) error {
	_, err := s.db.Pool().Exec(ctx, `
		UPDATE users SET sub = $2 WHERE sub = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE sub = $2)`, from, to)
	if _, taken := postgres.IsUnique(err); taken { // a moment ago
		return nil
	}
	return fault(err, apierr.UserNotFound)
}
