package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

const userColumns = `users.id::text, users.sub, users.email, users.full_name, users.short_name, users.operator_claim,
	users.operator_granted, users.active, users.timezone, users.language, users.room_access_level, users.room_configuration, users.created_at`

// userFields are the targets of userColumns.
func userFields(u *users.User) []any {
	return []any{
		&u.ID, &u.Sub, &u.Email, &u.FullName, &u.ShortName, &u.OperatorClaim,
		&u.OperatorGranted, &u.Active, &u.Timezone, &u.Language, &u.RoomAccessLevel, &u.RoomConfiguration, &u.Created,
	}
}

func (s *Store) user(ctx context.Context, sql string, args ...any) (users.User, error) {
	var u users.User
	if err := s.db.Pool().QueryRow(ctx, sql, args...).Scan(userFields(&u)...); err != nil {
		return users.User{}, fault(err, apierr.UserNotFound)
	}
	return u, nil
}

// FindUser implements users.Store.
func (s *Store) FindUser(ctx context.Context, id string) (users.User, error) {
	return s.user(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
}

// FindUserBySub implements users.Store.
func (s *Store) FindUserBySub(ctx context.Context, sub string) (users.User, error) {
	return s.user(ctx, `SELECT `+userColumns+` FROM users WHERE sub = $1`, sub)
}

// FindUsersByEmail implements users.Store.
func (s *Store) FindUsersByEmail(ctx context.Context, email string, limit int) ([]users.User, error) {
	return s.users(ctx, `SELECT `+userColumns+` FROM users WHERE email_key = $1 ORDER BY created_at, id LIMIT $2`,
		strings.ToLower(email), limit)
}

// FindUsers implements users.Store.
func (s *Store) FindUsers(ctx context.Context, ids []string) ([]users.User, error) {
	return s.users(ctx, `SELECT `+userColumns+` FROM users WHERE id = ANY($1::uuid[])`, ids)
}

// SearchUsers implements users.Store.
func (s *Store) SearchUsers(ctx context.Context, query string, limit, offset int) ([]users.User, int, error) {
	var count int
	query = strings.ToLower(query)
	if err := s.db.Pool().QueryRow(ctx, `SELECT count(*) FROM users WHERE strpos(email_key, $1) > 0`, query).Scan(&count); err != nil {
		return nil, 0, fault(err, apierr.UserNotFound)
	}
	found, err := s.users(ctx, `
		SELECT `+userColumns+` FROM users WHERE strpos(email_key, $1) > 0
		ORDER BY created_at DESC, id LIMIT $2 OFFSET $3`, query, limit, offset)
	return found, count, err
}

// SetActive implements users.Store.
func (s *Store) SetActive(ctx context.Context, id string, active bool) (users.User, error) {
	return s.user(ctx, `UPDATE users SET active = $2 WHERE id = $1 RETURNING `+userColumns, id, active)
}

// SetOperator implements users.Store.
func (s *Store) SetOperator(ctx context.Context, id string, granted bool) (users.User, error) {
	return s.user(ctx, `UPDATE users SET operator_granted = $2 WHERE id = $1 RETURNING `+userColumns, id, granted)
}

// ListOperators implements users.Store.
func (s *Store) ListOperators(ctx context.Context, emails []string) ([]users.User, error) {
	return s.users(ctx, `
		SELECT `+userColumns+` FROM users WHERE operator_granted OR operator_claim OR email_key = ANY($1)
		ORDER BY email_key, id`, emails)
}

// users returns the users that a query finds.
func (s *Store) users(ctx context.Context, sql string, args ...any) ([]users.User, error) {
	rows, err := s.db.Pool().Query(ctx, sql, args...)
	if err != nil {
		return nil, fault(err, apierr.UserNotFound)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (users.User, error) {
		var u users.User
		return u, row.Scan(userFields(&u)...)
	})
	return found, fault(err, apierr.UserNotFound)
}

// LogIn implements users.Store.
func (s *Store) LogIn(ctx context.Context, c users.Claims, fresh users.User) (users.User, error) {
	return s.user(ctx, `
		INSERT INTO users (id, sub, email, email_key, full_name, short_name, operator_claim,
			timezone, language, room_access_level, room_configuration, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (sub) DO UPDATE SET
			email          = CASE WHEN excluded.email <> '' THEN excluded.email ELSE users.email END,
			email_key      = CASE WHEN excluded.email <> '' THEN excluded.email_key ELSE users.email_key END,
			full_name      = CASE WHEN excluded.full_name <> '' THEN excluded.full_name ELSE users.full_name END,
			short_name     = CASE WHEN excluded.short_name <> '' THEN excluded.short_name ELSE users.short_name END,
			operator_claim = excluded.operator_claim
		RETURNING `+userColumns,
		fresh.ID, c.Sub, c.Email, strings.ToLower(c.Email), c.FullName, c.ShortName, c.Operator,
		fresh.Timezone, fresh.Language, fresh.RoomAccessLevel, fresh.RoomConfiguration, fresh.Created)
}

// Renew implements users.Store.
func (s *Store) Renew(ctx context.Context, id string, c users.Claims) (users.User, error) {
	return s.user(ctx, `
		UPDATE users SET
			email          = CASE WHEN $2 <> '' THEN $2 ELSE email END,
			email_key      = CASE WHEN $2 <> '' THEN $3 ELSE email_key END,
			full_name      = CASE WHEN $4 <> '' THEN $4 ELSE full_name END,
			short_name     = CASE WHEN $5 <> '' THEN $5 ELSE short_name END,
			operator_claim = $6
		WHERE id = $1
		RETURNING `+userColumns,
		id, c.Email, strings.ToLower(c.Email), c.FullName, c.ShortName, c.Operator)
}

// ChangeUser implements users.Store.
func (s *Store) ChangeUser(ctx context.Context, id string, change users.Change) (users.User, error) {
	var accessLevel *string
	if change.RoomAccessLevel != nil {
		accessLevel = *change.RoomAccessLevel
	}
	return s.user(ctx, `
		UPDATE users SET
			timezone           = coalesce($2, timezone),
			language           = coalesce($3, language),
			room_access_level  = CASE WHEN $4 THEN $5 ELSE room_access_level END,
			room_configuration = coalesce($6::jsonb, room_configuration)
		WHERE id = $1
		RETURNING `+userColumns,
		id, change.Timezone, change.Language, change.RoomAccessLevel != nil, accessLevel, change.RoomConfiguration)
}
