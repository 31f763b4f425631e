package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/applications"
)

const applicationColumns = `client_id, name, active, scopes, domains, secret, old_secret, old_expires_at, created_at, last_used_at`

// applicationRow is a row of applicationColumns.
type applicationRow struct {
	app                  applications.Application
	scopes, domains      string
	current, old         []byte
	oldExpires, lastUsed sql.NullInt64
}

func (r *applicationRow) fields() []any {
	return []any{
		&r.app.ID, &r.app.Name, &r.app.Active, &r.scopes, &r.domains, &r.current, &r.old, &r.oldExpires,
		instant{&r.app.Created}, &r.lastUsed,
	}
}

func (r *applicationRow) application() applications.Application {
	app := r.app
	for _, word := range strings.Fields(r.scopes) {
		app.Scopes = append(app.Scopes, identity.Scope(word))
	}
	app.Domains = strings.Fields(r.domains)
	copy(app.Secrets.Current[:], r.current)
	if r.oldExpires.Valid {
		copy(app.Secrets.Old[:], r.old)
		app.Secrets.OldExpires = time.UnixMicro(r.oldExpires.Int64).UTC()
	}
	if r.lastUsed.Valid {
		app.LastUsed = time.UnixMicro(r.lastUsed.Int64).UTC()
	}
	return app
}

// words joins scopes or domains for a column.
func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, word := range list {
		all[i] = string(word)
	}
	return strings.Join(all, " ")
}

// wordsOrNull is words of a change; nil for none.
func wordsOrNull[T ~string](list *[]T) *string {
	if list == nil {
		return nil
	}
	joined := words(*list)
	return &joined
}

// AddApplication implements applications.Store.
func (s *Store) AddApplication(ctx context.Context, app applications.Application) error {
	_, err := s.exec(ctx, `
		INSERT INTO applications (client_id, name, active, scopes, domains, secret, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		app.ID, app.Name, app.Active, words(app.Scopes), words(app.Domains), app.Secrets.Current[:], app.Created.UnixMicro())
	return fault(err, apierr.Internal)
}

// FindApplication implements applications.Store.
func (s *Store) FindApplication(ctx context.Context, id string) (applications.Application, error) {
	var row applicationRow
	err := s.db.Read().QueryRowContext(ctx, `SELECT `+applicationColumns+` FROM applications WHERE client_id = ?`, id).Scan(row.fields()...)
	return row.application(), fault(err, apierr.ApplicationNotFound)
}

// ListApplications implements applications.Store.
func (s *Store) ListApplications(ctx context.Context, skip, limit int) ([]applications.Application, int, error) {
	var total int
	if err := s.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM applications`).Scan(&total); err != nil {
		return nil, 0, fault(err, apierr.Internal)
	}
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT `+applicationColumns+` FROM applications ORDER BY name, client_id LIMIT ? OFFSET ?`, limit, skip)
	if err != nil {
		return nil, 0, fault(err, apierr.Internal)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	var list []applications.Application
	for rows.Next() {
		var row applicationRow
		if err := rows.Scan(row.fields()...); err != nil {
			return nil, 0, fault(err, apierr.Internal)
		}
		list = append(list, row.application())
	}
	return list, total, fault(rows.Err(), apierr.Internal)
}

func (s *Store) changed(ctx context.Context, query string, args ...any) (applications.Application, error) {
	var row applicationRow
	err := s.returning(ctx, row.fields(), query, args...)
	return row.application(), fault(err, apierr.ApplicationNotFound)
}

// ChangeApplication implements applications.Store.
func (s *Store) ChangeApplication(ctx context.Context, id string, change applications.Change) (applications.Application, error) {
	return s.changed(ctx, `
		UPDATE applications SET
			name    = coalesce(?, name),
			active  = coalesce(?, active),
			scopes  = coalesce(?, scopes),
			domains = coalesce(?, domains)
		WHERE client_id = ?
		RETURNING `+applicationColumns,
		change.Name, change.Active, wordsOrNull(change.Scopes), wordsOrNull(change.Domains), id)
}

// RotateSecret implements applications.Store.
func (s *Store) RotateSecret(ctx context.Context, id string, next applications.Hash, expires time.Time) (applications.Application, error) {
	return s.changed(ctx, `
		UPDATE applications SET secret = ?, old_secret = secret, old_expires_at = ?
		WHERE client_id = ?
		RETURNING `+applicationColumns, next[:], expires.UnixMicro(), id)
}

// TouchApplication implements applications.Store.
func (s *Store) TouchApplication(ctx context.Context, id string, now, since time.Time) error {
	_, err := s.exec(ctx, `
		UPDATE applications SET last_used_at = ?
		WHERE client_id = ? AND (last_used_at IS NULL OR last_used_at <= ?)`, now.UnixMicro(), id, since.UnixMicro())
	return fault(err, apierr.Internal)
}

// DeleteApplication implements applications.Store.
func (s *Store) DeleteApplication(ctx context.Context, id string) error {
	deleted, err := s.exec(ctx, `DELETE FROM applications WHERE client_id = ?`, id)
	if err == nil && deleted == 0 {
		return apierr.New(apierr.ApplicationNotFound, "")
	}
	return fault(err, apierr.Internal)
}
