package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// AddSession implements sessions.Store.
func (s *Store) AddSession(ctx context.Context, session sessions.Session) error {
	return fault(addSession(ctx, s.db.Pool(), session), apierr.UserNotFound)
}

func addSession(ctx context.Context, q postgres.Querier, session sessions.Session) error {
	_, err := q.Exec(ctx, `
		INSERT INTO sessions (hash, user_id, id_token, logout_state, provider_sub, provider_sid, created_at, expires_at)
		VALUES ($1, nullif($2, '')::uuid, $3, $4, $5, $6, $7, $8)`,
		session.Hash[:], session.UserID, session.IDToken, session.LogoutState, session.ProviderSub, session.ProviderSid,
		session.Created, session.Expires)
	return err
}

// FindSession implements sessions.Store.
func (s *Store) FindSession(ctx context.Context, hash sessions.Hash, now time.Time) (sessions.Session, *users.User, error) {
	session := sessions.Session{Hash: hash}
	var userID, sub *string // null for an anonymous session, as all of the user's columns
	var email, fullName, shortName, timezone, language *string
	var operator, granted, active *bool
	var created *time.Time
	var user users.User
	err := s.db.Pool().QueryRow(ctx, `
		SELECT sessions.id_token, sessions.logout_state, sessions.provider_sub, sessions.provider_sid,
			sessions.created_at, sessions.expires_at, `+userColumns+`
		FROM sessions LEFT JOIN users ON users.id = sessions.user_id
		WHERE sessions.hash = $1 AND sessions.expires_at > $2`, hash[:], now).Scan(
		&session.IDToken, &session.LogoutState, &session.ProviderSub, &session.ProviderSid, &session.Created, &session.Expires,
		&userID, &sub, &email, &fullName, &shortName, &operator, &granted, &active,
		&timezone, &language, &user.RoomAccessLevel, &user.RoomConfiguration, &created)
	if err != nil {
		return sessions.Session{}, nil, fault(err, apierr.SessionNotFound)
	}
	if userID == nil {
		return session, nil, nil
	}
	session.UserID = *userID
	user.ID, user.Sub, user.Email, user.FullName, user.ShortName = *userID, *sub, *email, *fullName, *shortName
	user.OperatorGranted, user.Active = *granted, *active
	user.OperatorClaim, user.Timezone, user.Language, user.Created = *operator, *timezone, *language, *created
	return session, &user, nil
}

// ReplaceSession implements sessions.Store.
func (s *Store) ReplaceSession(ctx context.Context, old sessions.Hash, next sessions.Session) error {
	return fault(s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockSession(ctx, tx, old); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err := addSession(ctx, tx, next); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE login_attempts SET session_hash = $2 WHERE session_hash = $1`, old[:], next.Hash[:]); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE hash = $1`, old[:])
		return err
	}), apierr.UserNotFound)
}

// lockSession makes transactions on one session wait for each other.
func lockSession(ctx context.Context, tx pgx.Tx, hash sessions.Hash) error {
	var one int
	return tx.QueryRow(ctx, `SELECT 1 FROM sessions WHERE hash = $1 FOR UPDATE`, hash[:]).Scan(&one)
}

// SetLogoutState implements sessions.Store.
func (s *Store) SetLogoutState(ctx context.Context, hash sessions.Hash, state string) error {
	tag, err := s.db.Pool().Exec(ctx, `UPDATE sessions SET logout_state = $2 WHERE hash = $1`, hash[:], state)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return fault(err, apierr.SessionNotFound)
}

// DeleteSession implements sessions.Store.
func (s *Store) DeleteSession(ctx context.Context, hash sessions.Hash) error {
	_, err := s.db.Pool().Exec(ctx, `DELETE FROM sessions WHERE hash = $1`, hash[:])
	return fault(err, apierr.SessionNotFound)
}

// Revoke implements sessions.Store.
func (s *Store) Revoke(ctx context.Context, r sessions.Revocation) (int, error) {
	var ended int64
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		added, err := tx.Exec(ctx, `INSERT INTO logout_tokens (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.TokenID, r.Expires)
		if err == nil && added.RowsAffected() == 0 {
			err = pgx.ErrNoRows
		}
		if err != nil {
			return err
		}
		query, args := `DELETE FROM sessions WHERE provider_sid = $1`, []any{r.Sid}
		if r.Sub != "" {
			query = `DELETE FROM sessions WHERE provider_sub = $1 AND ($2 = '' OR provider_sid IN ($2, ''))`
			args = []any{r.Sub, r.Sid}
		}
		deleted, err := tx.Exec(ctx, query, args...)
		ended = deleted.RowsAffected()
		return err
	})
	return int(ended), fault(err, apierr.LogoutTokenInvalid)
}

// AddAttempt implements sessions.Store.
func (s *Store) AddAttempt(ctx context.Context, hash sessions.Hash, a sessions.Attempt, limit int) error {
	return fault(s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockSession(ctx, tx, hash); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO login_attempts (session_hash, state, nonce, verifier, code, login_hint, redirect_uri,
				silent, return_to, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			hash[:], a.State, a.Nonce, a.Verifier, a.Code, a.LoginHint, a.RedirectURI,
			a.Silent, a.ReturnTo, a.Created, a.Expires); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			DELETE FROM login_attempts WHERE session_hash = $1 AND state NOT IN (
				SELECT state FROM login_attempts WHERE session_hash = $1 ORDER BY created_at DESC, state LIMIT $2)`,
			hash[:], limit)
		return err
	}), apierr.SessionNotFound)
}

// TakeAttempt implements sessions.Store.
func (s *Store) TakeAttempt(ctx context.Context, hash sessions.Hash, state string, now time.Time) (sessions.Attempt, error) {
	var a sessions.Attempt
	err := s.db.Pool().QueryRow(ctx, `
		DELETE FROM login_attempts WHERE session_hash = $1 AND state = $2 AND expires_at > $3
		RETURNING state, nonce, verifier, code, login_hint, redirect_uri, silent, return_to, created_at, expires_at`,
		hash[:], state, now).Scan(&a.State, &a.Nonce, &a.Verifier, &a.Code, &a.LoginHint, &a.RedirectURI,
		&a.Silent, &a.ReturnTo, &a.Created, &a.Expires)
	if err != nil {
		return sessions.Attempt{}, fault(err, apierr.LoginStateUnknown)
	}
	return a, nil
}

// HasAttempts implements sessions.Store.
func (s *Store) HasAttempts(ctx context.Context, hash sessions.Hash, now time.Time) (bool, error) {
	var has bool
	err := s.db.Pool().QueryRow(ctx,
		`SELECT EXISTS (SELECT 1 FROM login_attempts WHERE session_hash = $1 AND expires_at > $2)`, hash[:], now).Scan(&has)
	return has, fault(err, apierr.LoginStateUnknown)
}

// DeleteExpired implements sessions.Store.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	expired, err := s.db.Pool().Exec(ctx, `
		DELETE FROM sessions WHERE hash IN (
			SELECT hash FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, now, limit)
	if err != nil {
		return 0, fault(err, apierr.SessionNotFound)
	}
	attempts, err := s.db.Pool().Exec(ctx, `
		DELETE FROM login_attempts WHERE (session_hash, state) IN (
			SELECT session_hash, state FROM login_attempts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, now, limit)
	if err != nil {
		return 0, fault(err, apierr.SessionNotFound)
	}
	tokens, err := s.db.Pool().Exec(ctx, `
		DELETE FROM logout_tokens WHERE id IN (
			SELECT id FROM logout_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, now, limit)
	return int(expired.RowsAffected() + attempts.RowsAffected() + tokens.RowsAffected()), fault(err, apierr.SessionNotFound)
}
