package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/applications"
)

const applicationColumns = `client_id, name, active, scopes, domains, secret, old_secret, old_expires_at, created_at, last_used_at`

// scanApplication reads a row of applicationColumns.
func scanApplication(row pgx.Row) (applications.Application, error) {
	var app applications.Application
	var scopes, domains string
	var current, old []byte
	var oldExpires, lastUsed *time.Time
	err := row.Scan(&app.ID, &app.Name, &app.Active, &scopes, &domains, &current, &old, &oldExpires, &app.Created, &lastUsed)
	if err != nil {
		return applications.Application{}, fault(err, apierr.ApplicationNotFound)
	}
	for _, word := range strings.Fields(scopes) {
		app.Scopes = append(app.Scopes, identity.Scope(word))
	}
	app.Domains = strings.Fields(domains)
	copy(app.Secrets.Current[:], current)
	if oldExpires != nil {
		copy(app.Secrets.Old[:], old)
		app.Secrets.OldExpires = *oldExpires
	}
	if lastUsed != nil {
		app.LastUsed = *lastUsed
	}
	return app, nil
}

func (s *Store) application(ctx context.Context, sql string, args ...any) (applications.Application, error) {
	return scanApplication(s.db.Pool().QueryRow(ctx, sql, args...))
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
	_, err := s.db.Pool().Exec(ctx, `
		INSERT INTO applications (client_id, name, active, scopes, domains, secret, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		app.ID, app.Name, app.Active, words(app.Scopes), words(app.Domains), app.Secrets.Current[:], app.Created)
	return fault(err, apierr.Internal)
}

// FindApplication implements applications.Store.
func (s *Store) FindApplication(ctx context.Context, id string) (applications.Application, error) {
	return s.application(ctx, `SELECT `+applicationColumns+` FROM applications WHERE client_id = $1`, id)
}

// ListApplications implements applications.Store.
func (s *Store) ListApplications(ctx context.Context, skip, limit int) ([]applications.Application, int, error) {
	var total int
	if err := s.db.Pool().QueryRow(ctx, `SELECT count(*) FROM applications`).Scan(&total); err != nil {
		return nil, 0, fault(err, apierr.Internal)
	}
	rows, err := s.db.Pool().Query(ctx, `
		SELECT `+applicationColumns+` FROM applications ORDER BY name, client_id LIMIT $1 OFFSET $2`, limit, skip)
	if err != nil {
		return nil, 0, fault(err, apierr.Internal)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (applications.Application, error) {
		return scanApplication(row)
	})
	return list, total, fault(err, apierr.Internal)
}

// ChangeApplication implements applications.Store.
func (s *Store) ChangeApplication(ctx context.Context, id string, change applications.Change) (applications.Application, error) {
	return s.application(ctx, `
		UPDATE applications SET
			name    = coalesce($2, name),
			active  = coalesce($3, active),
			scopes  = coalesce($4, scopes),
			domains = coalesce($5, domains)
		WHERE client_id = $1
		RETURNING `+applicationColumns,
		id, change.Name, change.Active, wordsOrNull(change.Scopes), wordsOrNull(change.Domains))
}

// RotateSecret implements applications.Store.
func (s *Store) RotateSecret(ctx context.Context, id string, next applications.Hash, expires time.Time) (applications.Application, error) {
	return s.application(ctx, `
		UPDATE applications SET secret = $2, old_secret = secret, old_expires_at = $3
		WHERE client_id = $1
		RETURNING `+applicationColumns, id, next[:], expires)
}

// TouchApplication implements applications.Store.
func (s *Store) TouchApplication(ctx context.Context, id string, now, since time.Time) error {
	_, err := s.db.Pool().Exec(ctx, `
		UPDATE applications SET last_used_at = $2
		WHERE client_id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)`, id, now, since)
	return fault(err, apierr.Internal)
}

// DeleteApplication implements applications.Store.
func (s *Store) DeleteApplication(ctx context.Context, id string) error {
	tag, err := s.db.Pool().Exec(ctx, `DELETE FROM applications WHERE client_id = $1`, id)
	if err == nil && tag.RowsAffected() == 0 {
		return apierr.New(apierr.ApplicationNotFound, "")
	}
	return fault(err, apierr.Internal)
}
