package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const invitationColumns = `id, room_id, inviter, reply_to, language, recipients, created_at, due_at, attempts`

// KeepInvitation implements invitations.Store.
func (s *Store) KeepInvitation(ctx context.Context, i invitations.Invitation) error {
	return invitationFault("keep invitation", insertInvitation(ctx, s.db.Pool(), i))
}

// ClaimInvitations implements invitations.Store. A row that another claim holds
// is passed over.
func (s *Store) ClaimInvitations(ctx context.Context, now, until time.Time, limit int) ([]invitations.Invitation, error) {
	rows, err := s.db.Pool().Query(ctx, `WITH due AS (
			SELECT id, due_at AS was FROM invitations WHERE due_at <= $1 ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
		) UPDATE invitations i SET due_at = $2 FROM due WHERE i.id = due.id
		RETURNING i.id, room_id, inviter, reply_to, language, recipients, created_at, due.was, attempts`, now, until, limit)
	if err != nil {
		return nil, fault("claim invitations", err)
	}
	claimed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (i invitations.Invitation, err error) {
		err = row.Scan(&i.ID, &i.RoomID, &i.Inviter, &i.ReplyTo, &i.Language, &i.Recipients, &i.CreatedAt, &i.Due, &i.Attempts)
		return i, err
	})
	slices.SortFunc(claimed, func(a, b invitations.Invitation) int { return a.Due.Compare(b.Due) })
	return claimed, fault("claim invitations", err)
}

// SettleInvitation implements invitations.Store.
func (s *Store) SettleInvitation(ctx context.Context, id string, rest []invitations.Invitation) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM invitations WHERE id = $1`, id)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		for _, i := range rest {
			if err := insertInvitation(ctx, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	return invitationFault("settle invitation", err)
}

// PendingInvitations implements invitations.Store.
func (s *Store) PendingInvitations(ctx context.Context) (n int, err error) {
	err = s.db.Pool().QueryRow(ctx, `SELECT count(*) FROM invitations`).Scan(&n)
	return n, fault("count invitations", err)
}

func insertInvitation(ctx context.Context, q postgres.Querier, i invitations.Invitation) error {
	_, err := q.Exec(ctx, `INSERT INTO invitations (`+invitationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		i.ID, i.RoomID, i.Inviter, i.ReplyTo, i.Language, i.Recipients, i.CreatedAt, i.Due, i.Attempts)
	return err
}

func invitationFault(doing string, err error) error {
	if _, ok := postgres.IsForeignKey(err); ok {
		return rooms.NotFound()
	}
	return fault(doing, err)
}
