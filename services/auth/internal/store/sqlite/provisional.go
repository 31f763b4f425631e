package sqlite

import (
	"context"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// FindUsersByEmail implements users.ProvisionalStore.
func (s *Store) FindUsersByEmail(ctx context.Context, email string, limit int) ([]users.User, error) {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT `+userColumns+` FROM users WHERE email_key = ? ORDER BY created_at, id LIMIT ?`,
		strings.ToLower(email), limit)
	if err != nil {
		return nil, fault(err, apierr.UserNotFound)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	var found []users.User
	for rows.Next() {
		var u users.User
		if err := rows.Scan(userFields(&u)...); err != nil {
			return nil, fault(err, apierr.UserNotFound)
		}
		found = append(found, u)
	}
	return found, fault(rows.Err(), apierr.UserNotFound)
}

// RenameSub implements users.ProvisionalStore.
func (s *Store) RenameSub(ctx context.Context, from, to string) error {
	_, err := s.exec(ctx, `
		UPDATE users SET sub = ?2 WHERE sub = ?1 AND NOT EXISTS (SELECT 1 FROM users WHERE sub = ?2)`, from, to)
	return fault(err, apierr.UserNotFound)
}
