package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

// WrongPINs implements throttle.BrakeStore.
func (s *Store) WrongPINs(ctx context.Context, from time.Time) (map[string]int, error) {
	wrong := map[string]int{}
	rows, err := s.Read().QueryContext(ctx, `SELECT trunk_id, count(*) FROM wrong_pins WHERE at >= ? AND tested GROUP BY trunk_id`, micros(from))
	_, err = collect(rows, err, func(rows *sql.Rows) (trunkID string, err error) {
		var n int
		err = rows.Scan(&trunkID, &n)
		wrong[trunkID] = n
		return trunkID, err
	})
	return wrong, fault("count wrong PINs", err)
}

// minutes reads the calls that were let in, and beside them the wrong PINs.
const minutes = `
SELECT c.let_in, coalesce(w.wrong, 0) FROM (
	SELECT (started_at - ?2) / 60000000 AS minute, count(*) AS let_in FROM calls
	WHERE trunk_id = ?1 AND started_at >= ?2 AND started_at < ?3 AND room_id <> '' AND refusal = '' GROUP BY 1
) AS c LEFT JOIN (
	SELECT (at - ?2) / 60000000 AS minute, count(*) AS wrong FROM wrong_pins
	WHERE trunk_id = ?1 AND at >= ?2 AND at < ?3 AND tested GROUP BY 1
) AS w ON w.minute = c.minute`

// Minutes implements throttle.BrakeStore.
func (s *Store) Minutes(ctx context.Context, trunkID string, from, to time.Time) ([]throttle.Minute, error) {
	rows, err := s.Read().QueryContext(ctx, minutes, trunkID, micros(from), micros(to))
	list, err := collect(rows, err, func(rows *sql.Rows) (m throttle.Minute, err error) { return m, rows.Scan(&m.LetIn, &m.Wrong) })
	return list, fault("count calls and wrong PINs by minute", err)
}

// Guard implements throttle.BrakeStore.
func (s *Store) Guard(ctx context.Context, trunkID string, now, until time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE trunks SET guarded_until = ?3
		WHERE id = ?1 AND guard = 'auto' AND (guarded_until IS NULL OR guarded_until <= ?2)`, trunkID, micros(now), micros(until))
	if err != nil || n > 0 {
		return err == nil, fault("guard trunk", err)
	}
	_, err = s.exec(ctx, `UPDATE trunks SET guarded_until = ?2 WHERE id = ?1 AND guard = 'auto' AND guarded_until < ?2`, trunkID, micros(until))
	return false, fault("guard trunk", err)
}

// Guarded implements throttle.BrakeStore.
func (s *Store) Guarded(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.Read().QueryContext(ctx, `SELECT id FROM trunks WHERE guard = 'on' OR (guard = 'auto' AND guarded_until > ?) ORDER BY id`, micros(now))
	ids, err := collect(rows, err, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) })
	return ids, fault("list guarded trunks", err)
}
