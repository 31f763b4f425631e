package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// QuarantineExpired implements pins.Store.
func (s *Store) QuarantineExpired(ctx context.Context, now, until time.Time, limit int) (int, error) {
	n, err := s.exec(ctx, `UPDATE pins SET state = 'quarantined', until = ? WHERE (trunk_id, pin) IN
		(SELECT trunk_id, pin FROM pins WHERE until <= ? AND state = 'retiring' ORDER BY until LIMIT ?)`,
		micros(until), micros(now), limit)
	return n, fault("quarantine PINs", err)
}

// DeleteExpired implements pins.Store.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	var deleted int
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `DELETE FROM pins WHERE (trunk_id, pin) IN
			(SELECT trunk_id, pin FROM pins WHERE until <= ? AND state = 'quarantined' ORDER BY until LIMIT ?)
			RETURNING trunk_id, length(pin)`, micros(now), limit)
		type namespace struct {
			trunkID string
			length  int
		}
		gone, err := collect(rows, err, func(rows *sql.Rows) (n namespace, err error) {
			return n, rows.Scan(&n.trunkID, &n.length)
		})
		if err != nil {
			return err
		}
		deleted = len(gone)
		counts := map[namespace]int{}
		for _, n := range gone {
			counts[n]++
		}
		for n, count := range counts {
			_, err := tx.ExecContext(ctx, `UPDATE pin_counts SET held = held - ? WHERE trunk_id = ? AND length = ? AND shard = 0`,
				count, n.trunkID, n.length)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return deleted, fault("delete PINs", err)
}

// SQLite does not see by itself that the index of armed PINs will do, nor that it
// is the better one on a trunk that is nearly drained.
const currentOn = `INDEXED BY pins_armed WHERE trunk_id = ?1 AND state = 'current' AND state <> 'quarantined' AND pin > ?2
	AND EXISTS (SELECT 1 FROM trunks WHERE id = ?1 AND state = 'draining') ORDER BY pin LIMIT ?3`

// CurrentOn implements pins.Store.
func (s *Store) CurrentOn(ctx context.Context, trunkID, after string, limit int) ([]pins.PIN, error) {
	list, err := queryPINs(ctx, s.Read(), currentOn, trunkID, after, limit)
	return list, fault("list PINs", err)
}

const finishDrain = `UPDATE trunks SET state = 'disabled', updated_at = ?2 WHERE id = ?1 AND state = 'draining'
	AND NOT EXISTS (SELECT 1 FROM pins WHERE state <> 'quarantined' AND trunk_id = ?1)`

// FinishDrain implements pins.Store.
func (s *Store) FinishDrain(ctx context.Context, trunkID string, now time.Time) (bool, error) {
	n, err := s.exec(ctx, finishDrain, trunkID, micros(now))
	return n > 0, fault("finish drain", err)
}
