package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// ImportPIN implements imports.Store.
func (s *Store) ImportPIN(ctx context.Context, d pins.Draw, until time.Time) (pins.Result, error) {
	var result pins.Result
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if result, err = importPIN(ctx, tx, d, until); err == nil && result.Outcome != pins.Inserted {
			return errNotReplaced
		}
		return err
	})
	if errors.Is(err, errNotReplaced) {
		err = nil
	}
	return result, fault("import PIN", err)
}

func importPIN(ctx context.Context, tx *sql.Tx, d pins.Draw, until time.Time) (pins.Result, error) {
	held, err := queryPINs(ctx, tx, `WHERE trunk_id = ? AND pin = ?`, d.TrunkID, d.Digits)
	switch {
	case err != nil:
		return pins.Result{}, err
	case len(held) > 0 && held[0].RoomID != d.RoomID:
		return pins.Result{Outcome: pins.Collided, Taken: 1}, nil
	case len(held) > 0 && held[0].State == pins.Current:
		return pins.Result{Outcome: pins.RoomHasPIN, PIN: held[0]}, nil
	}
	err = tx.QueryRowContext(ctx, `UPDATE pins SET state = 'retiring', until = ? WHERE room_id = ? AND state = 'current' RETURNING country`,
		micros(until), d.RoomID).Scan(&d.Country)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return pins.Result{}, err
	}
	if len(held) == 0 {
		return insert(ctx, tx, d)
	}
	result, err := tx.ExecContext(ctx, `UPDATE pins SET state = 'current', until = NULL, country = ?3 WHERE trunk_id = ?1 AND pin = ?2
		AND EXISTS (SELECT 1 FROM trunks WHERE id = ?1 AND state = 'active')`, d.TrunkID, d.Digits, d.Country)
	if err != nil {
		return pins.Result{}, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return pins.Result{Outcome: pins.TrunkClosed}, err
	}
	return pins.Result{Outcome: pins.Inserted, PIN: pins.PIN{
		TrunkID: d.TrunkID, Digits: d.Digits, RoomID: d.RoomID, State: pins.Current,
	}}, nil
}
