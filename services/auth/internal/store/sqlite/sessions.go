package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// AddSession implements sessions.Store.
func (s *Store) AddSession(ctx context.Context, session sessions.Session) error {
	return fault(s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return addSession(ctx, tx, session)
	}), apierr.UserNotFound)
}

func addSession(ctx context.Context, tx *sql.Tx, session sessions.Session) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO sessions (hash, user_id, id_token, logout_state, provider_sub, provider_sid, created_at, expires_at)
		VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?)`,
		session.Hash[:], session.UserID, session.IDToken, session.LogoutState, session.ProviderSub, session.ProviderSid,
		session.Created.UnixMicro(), session.Expires.UnixMicro())
	return err
}

// FindSession implements sessions.Store.
func (s *Store) FindSession(ctx context.Context, hash sessions.Hash, now time.Time) (sessions.Session, *users.User, error) {
	session := sessions.Session{Hash: hash}
	// The columns of the user are null for an anonymous session.
	var id, sub, email, fullName, shortName, timezone, language, configuration sql.NullString
	var operator, granted, active sql.NullBool
	var created sql.NullInt64
	var user users.User
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT s.id_token, s.logout_state, s.provider_sub, s.provider_sid, s.created_at, s.expires_at,
			u.id, u.sub, u.email, u.full_name, u.short_name, u.operator_claim, u.operator_granted, u.active,
			u.timezone, u.language, u.room_access_level, u.room_configuration, u.created_at
		FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id
		WHERE s.hash = ? AND s.expires_at > ?`, hash[:], now.UnixMicro()).Scan(
		&session.IDToken, &session.LogoutState, &session.ProviderSub, &session.ProviderSid, instant{&session.Created}, instant{&session.Expires},
		&id, &sub, &email, &fullName, &shortName, &operator, &granted, &active,
		&timezone, &language, &user.RoomAccessLevel, &configuration, &created)
	if err != nil {
		return sessions.Session{}, nil, fault(err, apierr.SessionNotFound)
	}
	if !id.Valid {
		return session, nil, nil
	}
	if err := (object{&user.RoomConfiguration}).Scan(configuration.String); err != nil {
		return sessions.Session{}, nil, err
	}
	session.UserID = id.String
	user.ID, user.Sub, user.Email, user.FullName, user.ShortName = id.String, sub.String, email.String, fullName.String, shortName.String
	user.OperatorGranted, user.Active = granted.Bool, active.Bool
	user.OperatorClaim, user.Timezone, user.Language = operator.Bool, timezone.String, language.String
	user.Created = time.UnixMicro(created.Int64).UTC()
	return session, &user, nil
}

// ReplaceSession implements sessions.Store.
func (s *Store) ReplaceSession(ctx context.Context, old sessions.Hash, next sessions.Session) error {
	return fault(s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := addSession(ctx, tx, next); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE login_attempts SET session_hash = ?2 WHERE session_hash = ?1`, old[:], next.Hash[:]); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, old[:])
		return err
	}), apierr.UserNotFound)
}

// SetLogoutState implements sessions.Store.
func (s *Store) SetLogoutState(ctx context.Context, hash sessions.Hash, state string) error {
	changed, err := s.exec(ctx, `UPDATE sessions SET logout_state = ?2 WHERE hash = ?1`, hash[:], state)
	if err == nil && changed == 0 {
		err = sql.ErrNoRows
	}
	return fault(err, apierr.SessionNotFound)
}

// DeleteSession implements sessions.Store.
func (s *Store) DeleteSession(ctx context.Context, hash sessions.Hash) error {
	_, err := s.exec(ctx, `DELETE FROM sessions WHERE hash = ?`, hash[:])
	return fault(err, apierr.SessionNotFound)
}

// Revoke implements sessions.Store.
func (s *Store) Revoke(ctx context.Context, r sessions.Revocation) (int, error) {
	var ended int64
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := rememberToken(ctx, tx, r); err != nil {
			return err
		}
		query, args := `DELETE FROM sessions WHERE provider_sid = ?`, []any{r.Sid}
		if r.Sub != "" {
			query = `DELETE FROM sessions WHERE provider_sub = ?1 AND (?2 = '' OR provider_sid IN (?2, ''))`
			args = []any{r.Sub, r.Sid}
		}
		deleted, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		ended, err = deleted.RowsAffected()
		return err
	})
	return int(ended), fault(err, apierr.LogoutTokenInvalid)
}

// rememberToken returns sql.ErrNoRows when the token was used before.
func rememberToken(ctx context.Context, tx *sql.Tx, r sessions.Revocation) error {
	added, err := tx.ExecContext(ctx, `INSERT INTO logout_tokens (id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING`, r.TokenID, r.Expires.UnixMicro())
	if err != nil {
		return err
	}
	if count, err := added.RowsAffected(); err != nil || count > 0 {
		return err
	}
	return sql.ErrNoRows
}

// AddAttempt implements sessions.Store. The foreign key finds out whether the
// session is there.
func (s *Store) AddAttempt(ctx context.Context, hash sessions.Hash, a sessions.Attempt, limit int) error {
	return fault(s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO login_attempts (session_hash, state, nonce, verifier, code, login_hint, redirect_uri,
				silent, return_to, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hash[:], a.State, a.Nonce, a.Verifier, a.Code, a.LoginHint, a.RedirectURI,
			a.Silent, a.ReturnTo, a.Created.UnixMicro(), a.Expires.UnixMicro()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM login_attempts WHERE session_hash = ?1 AND state NOT IN (
				SELECT state FROM login_attempts WHERE session_hash = ?1 ORDER BY created_at DESC, state LIMIT ?2)`,
			hash[:], limit)
		return err
	}), apierr.SessionNotFound)
}

// TakeAttempt implements sessions.Store.
func (s *Store) TakeAttempt(ctx context.Context, hash sessions.Hash, state string, now time.Time) (sessions.Attempt, error) {
	var a sessions.Attempt
	err := s.returning(ctx, []any{
		&a.State, &a.Nonce, &a.Verifier, &a.Code, &a.LoginHint, &a.RedirectURI,
		&a.Silent, &a.ReturnTo, instant{&a.Created}, instant{&a.Expires},
	}, `
		DELETE FROM login_attempts WHERE session_hash = ? AND state = ? AND expires_at > ?
		RETURNING state, nonce, verifier, code, login_hint, redirect_uri, silent, return_to, created_at, expires_at`,
		hash[:], state, now.UnixMicro())
	if err != nil {
		return sessions.Attempt{}, fault(err, apierr.LoginStateUnknown)
	}
	return a, nil
}

// HasAttempts implements sessions.Store.
func (s *Store) HasAttempts(ctx context.Context, hash sessions.Hash, now time.Time) (bool, error) {
	var has bool
	err := s.db.Read().QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM login_attempts WHERE session_hash = ? AND expires_at > ?)`,
		hash[:], now.UnixMicro()).Scan(&has)
	return has, fault(err, apierr.LoginStateUnknown)
}

// DeleteExpired implements sessions.Store.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	expired, err := s.exec(ctx, `
		DELETE FROM sessions WHERE hash IN (
			SELECT hash FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`, now.UnixMicro(), limit)
	if err != nil {
		return 0, fault(err, apierr.SessionNotFound)
	}
	attempts, err := s.exec(ctx, `
		DELETE FROM login_attempts WHERE (session_hash, state) IN (
			SELECT session_hash, state FROM login_attempts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
		now.UnixMicro(), limit)
	if err != nil {
		return 0, fault(err, apierr.SessionNotFound)
	}
	tokens, err := s.exec(ctx, `
		DELETE FROM logout_tokens WHERE id IN (
			SELECT id FROM logout_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`, now.UnixMicro(), limit)
	return int(expired + attempts + tokens), fault(err, apierr.SessionNotFound)
}
