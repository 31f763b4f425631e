package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// ImportPIN implements imports.Store.
func (s *Store) ImportPIN(ctx context.Context, d pins.Draw, until time.Time) (pins.Result, error) {
	var result pins.Result
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		if result, err = s.importPIN(ctx, tx, d, until); err == nil && result.Outcome != pins.Inserted {
			return errNotReplaced
		}
		return err
	})
	if errors.Is(err, errNotReplaced) {
		err = nil
	}
	return result, fault("import PIN", err)
}

func (s *Store) importPIN(ctx context.Context, tx pgx.Tx, d pins.Draw, until time.Time) (pins.Result, error) {
	own := pins.PIN{TrunkID: d.TrunkID, Digits: d.Digits, RoomID: d.RoomID, State: pins.Current}
	var (
		room  string
		state pins.State
	)
	err := tx.QueryRow(ctx, `SELECT room_id::text, state FROM pins WHERE trunk_id = $1 AND pin = $2 FOR UPDATE`,
		d.TrunkID, d.Digits).Scan(&room, &state)
	held := err == nil
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return pins.Result{}, err
	case held && room != d.RoomID:
		return pins.Result{Outcome: pins.Collided, Taken: 1}, nil
	case held && state == pins.Current:
		return pins.Result{Outcome: pins.RoomHasPIN, PIN: own}, nil
	}
	err = tx.QueryRow(ctx, `UPDATE pins SET state = 'retiring', until = $2 WHERE room_id = $1 AND state = 'current' RETURNING country`,
		d.RoomID, until).Scan(&d.Country)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return pins.Result{}, err
	}
	if !held {
		return s.insert(ctx, tx, d)
	}
	tag, err := tx.Exec(ctx, `UPDATE pins SET state = 'current', until = NULL, country = $3 WHERE trunk_id = $1 AND pin = $2
		AND EXISTS (SELECT 1 FROM trunks WHERE id = $1 AND state = 'active' FOR KEY SHARE)`, d.TrunkID, d.Digits, d.Country)
	if err != nil || tag.RowsAffected() > 0 {
		return pins.Result{Outcome: pins.Inserted, PIN: own}, err
	}
	return pins.Result{Outcome: pins.TrunkClosed}, nil
}
