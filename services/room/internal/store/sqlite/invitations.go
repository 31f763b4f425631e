package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/parleymeet/parley/pkg/sqlite"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const invitationColumns = `id, room_id, inviter, reply_to, language, recipients, created_at, due_at, attempts`

// KeepInvitation implements invitations.Store.
func (s *Store) KeepInvitation(ctx context.Context, i invitations.Invitation) error {
	return s.invite(ctx, "keep invitation", func(ctx context.Context, tx *sql.Tx) error { return insertInvitation(ctx, tx, i) })
}

// ClaimInvitations implements invitations.Store.
func (s *Store) ClaimInvitations(ctx context.Context, now, until time.Time, limit int) (claimed []invitations.Invitation, err error) {
	err = s.invite(ctx, "claim invitations", func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+invitationColumns+` FROM invitations WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`, now.UnixMicro(), limit)
		if claimed, err = collect(rows, err, scanInvitation); err != nil {
			return err
		}
		for _, i := range claimed {
			if _, err := tx.ExecContext(ctx, `UPDATE invitations SET due_at = ? WHERE id = ?`, until.UnixMicro(), i.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

// SettleInvitation implements invitations.Store.
func (s *Store) SettleInvitation(ctx context.Context, id string, rest []invitations.Invitation) error {
	return s.invite(ctx, "settle invitation", func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		for _, i := range rest {
			if err := insertInvitation(ctx, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// PendingInvitations implements invitations.Store.
func (s *Store) PendingInvitations(ctx context.Context) (n int, err error) {
	err = s.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM invitations`).Scan(&n)
	return n, fault("count invitations", err)
}

// invite runs a transaction and names its faults.
func (s *Store) invite(ctx context.Context, doing string, act func(context.Context, *sql.Tx) error) error {
	err := s.db.InTx(ctx, act)
	if sqlite.IsForeignKey(err) {
		return rooms.NotFound()
	}
	return fault(doing, err)
}

func insertInvitation(ctx context.Context, tx *sql.Tx, i invitations.Invitation) error {
	recipients, err := json.Marshal(i.Recipients)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO invitations (`+invitationColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.ID, i.RoomID, i.Inviter, i.ReplyTo, i.Language, string(recipients), i.CreatedAt.UnixMicro(), i.Due.UnixMicro(), i.Attempts)
	return err
}

func scanInvitation(row scanner) (invitations.Invitation, error) {
	var i invitations.Invitation
	var recipients string
	var created, due int64
	err := row.Scan(&i.ID, &i.RoomID, &i.Inviter, &i.ReplyTo, &i.Language, &recipients, &created, &due, &i.Attempts)
	if err != nil {
		return i, err
	}
	i.CreatedAt, i.Due = instant(created), instant(due)
	return i, json.Unmarshal([]byte(recipients), &i.Recipients)
}
