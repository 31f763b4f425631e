package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

// WrongPINs implements throttle.BrakeStore.
func (s *Store) WrongPINs(ctx context.Context, from time.Time) (map[string]int, error) {
	rows, err := s.Pool().Query(ctx, `SELECT trunk_id, count(*) FROM wrong_pins WHERE at >= $1 AND tested GROUP BY trunk_id`, from)
	if err != nil {
		return nil, fault("count wrong PINs", err)
	}
	var (
		trunkID string
		n       int
		wrong   = map[string]int{}
	)
	_, err = pgx.ForEachRow(rows, []any{&trunkID, &n}, func() error {
		wrong[trunkID] = n
		return nil
	})
	return wrong, fault("count wrong PINs", err)
}

// minutes reads the calls that were let in, and beside them the wrong PINs.
const minutes = `
SELECT c.let_in, coalesce(w.wrong, 0) FROM (
	SELECT floor(extract(epoch FROM started_at - $2::timestamptz) / 60) AS minute, count(*) AS let_in FROM calls
	WHERE trunk_id = $1 AND started_at >= $2 AND started_at < $3 AND room_id <> '' AND refusal = '' GROUP BY 1
) AS c LEFT JOIN (
	SELECT floor(extract(epoch FROM at - $2::timestamptz) / 60) AS minute, count(*) AS wrong FROM wrong_pins
	WHERE trunk_id = $1 AND at >= $2 AND at < $3 AND tested GROUP BY 1
) AS w ON w.minute = c.minute`

// Minutes implements throttle.BrakeStore.
func (s *Store) Minutes(ctx context.Context, trunkID string, from, to time.Time) ([]throttle.Minute, error) {
	rows, err := s.Pool().Query(ctx, minutes, trunkID, from, to)
	if err != nil {
		return nil, fault("count calls and wrong PINs by minute", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[throttle.Minute])
	return list, fault("count calls and wrong PINs by minute", err)
}

// Guard implements throttle.BrakeStore.
func (s *Store) Guard(ctx context.Context, trunkID string, now, until time.Time) (bool, error) {
	tag, err := s.Pool().Exec(ctx, `UPDATE trunks SET guarded_until = $3
		WHERE id = $1 AND guard = 'auto' AND (guarded_until IS NULL OR guarded_until <= $2)`, trunkID, now, until)
	if err != nil || tag.RowsAffected() > 0 {
		return err == nil, fault("guard trunk", err)
	}
	_, err = s.Pool().Exec(ctx, `UPDATE trunks SET guarded_until = $2 WHERE id = $1 AND guard = 'auto' AND guarded_until < $2`, trunkID, until)
	return false, fault("guard trunk", err)
}

// Guarded implements throttle.BrakeStore.
func (s *Store) Guarded(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.Pool().Query(ctx, `SELECT id FROM trunks WHERE guard = 'on' OR (guard = 'auto' AND guarded_until > $1) ORDER BY id`, now)
	if err != nil {
		return nil, fault("list guarded trunks", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, fault("list guarded trunks", err)
}
