package sqlite

import (
	"context"
	"database/sql"
	"time"
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

// WrongMinutes implements throttle.BrakeStore.
func (s *Store) WrongMinutes(ctx context.Context, trunkID string, from, to time.Time) ([]int, error) {
	rows, err := s.Read().QueryContext(ctx, `SELECT count(*) FROM wrong_pins WHERE trunk_id = ?1 AND at >= ?2 AND at < ?3 AND tested
		GROUP BY (at - ?2) / 60000000`, trunkID, micros(from), micros(to))
	counts, err := collect(rows, err, func(rows *sql.Rows) (n int, err error) { return n, rows.Scan(&n) })
	return counts, fault("count wrong PINs by minute", err)
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
