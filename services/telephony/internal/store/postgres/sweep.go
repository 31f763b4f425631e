package postgres

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// QuarantineExpired implements pins.Store. SKIP LOCKED lets replicas share the
// work instead of waiting for each other.
func (s *Store) QuarantineExpired(ctx context.Context, now, until time.Time, limit int) (int, error) {
	tag, err := s.Pool().Exec(ctx, `
		WITH due AS (
			SELECT trunk_id, pin FROM pins WHERE until <= $1 AND state = 'retiring'
			ORDER BY until LIMIT $3 FOR UPDATE SKIP LOCKED
		)
		UPDATE pins p SET state = 'quarantined', until = $2 FROM due
		WHERE p.trunk_id = due.trunk_id AND p.pin = due.pin`, now, until, limit)
	return int(tag.RowsAffected()), fault("quarantine PINs", err)
}

// DeleteExpired implements pins.Store. The counters are updated in the order of
// their key, so that two sweeps never wait for each other in a circle.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	var deleted int
	err := s.Pool().QueryRow(ctx, `
		WITH due AS (
			SELECT trunk_id, pin FROM pins WHERE until <= $1 AND state = 'quarantined'
			ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED
		), gone AS (
			DELETE FROM pins p USING due WHERE p.trunk_id = due.trunk_id AND p.pin = due.pin
			RETURNING p.trunk_id, length(p.pin) AS length
		), counted AS (
			INSERT INTO pin_counts (trunk_id, length, shard, held)
			SELECT trunk_id, length, $3::smallint, -count(*) FROM gone GROUP BY trunk_id, length ORDER BY trunk_id, length
			ON CONFLICT (trunk_id, length, shard) DO UPDATE SET held = pin_counts.held + excluded.held
		)
		SELECT count(*) FROM gone`, now, limit, s.shard()).Scan(&deleted)
	return deleted, fault("delete PINs", err)
}

// CurrentOn implements pins.Store.
func (s *Store) CurrentOn(ctx context.Context, trunkID, after string, limit int) ([]pins.PIN, error) {
	return s.queryPINs(ctx, `WHERE trunk_id = $1 AND pin > $2 AND state = 'current'
		AND EXISTS (SELECT 1 FROM trunks WHERE id = $1 AND state = 'draining') ORDER BY pin LIMIT $3`, trunkID, after, limit)
}

// FinishDrain implements pins.Store.
func (s *Store) FinishDrain(ctx context.Context, trunkID string, now time.Time) (bool, error) {
	tag, err := s.Pool().Exec(ctx, `UPDATE trunks SET state = 'disabled', updated_at = $2
		WHERE id = $1 AND state = 'draining'
		AND NOT EXISTS (SELECT 1 FROM pins WHERE trunk_id = $1 AND state <> 'quarantined')`, trunkID, now)
	return tag.RowsAffected() > 0, fault("finish drain", err)
}
