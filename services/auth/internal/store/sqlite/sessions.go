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
		INSERT INTO sessions (hash, user_id, id_token, logout_state, created_at, expires_at)
		VALUES (?, nullif(?, ''), ?, ?, ?, ?)`,
		session.Hash[:], session.UserID, session.IDToken, session.LogoutState,
		session.Created.UnixMicro(), session.Expires.UnixMicro())
	return err
}

// FindSession implements sessions.Store.
func (s *Store) FindSession(ctx context.Context, hash sessions.Hash, now time.Time) (sessions.Session, *users.User, error) {
	session := sessions.Session{Hash: hash}
	// The columns of the user are null for an anonymous session.
	var id, sub, email, fullName, shortName, timezone, language, configuration sql.NullString
	var operator sql.NullBool
	var created sql.NullInt64
	var user users.User
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT s.id_token, s.logout_state, s.created_at, s.expires_at,
			u.id, u.sub, u.email, u.full_name, u.short_name, u.operator_claim,
			u.timezone, u.language, u.room_access_level, u.room_configuration, u.created_at
		FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id
		WHERE s.hash = ? AND s.expires_at > ?`, hash[:], now.UnixMicro()).Scan(
		&session.IDToken, &session.LogoutState, instant{&session.Created}, instant{&session.Expires},
		&id, &sub, &email, &fullName, &shortName, &operator,
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
	return int(expired + attempts), fault(err, apierr.SessionNotFound)
}
