package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/rules"
)

// wantedRules has one branch for each state, because each has an index of its own.
const wantedRules = `SELECT w.trunk_id, w.pin, w.room_id::text, t.livekit_trunk, '', NULL::timestamptz FROM (
		SELECT p.trunk_id, p.pin, p.room_id FROM room_states r JOIN pins p ON p.room_id = r.room_id AND p.state = 'current' WHERE r.live
		UNION ALL
		SELECT p.trunk_id, p.pin, p.room_id FROM room_states r JOIN pins p ON p.room_id = r.room_id AND p.state = 'retiring' AND p.until > $1 WHERE r.live
	) w JOIN trunks t ON t.id = w.trunk_id AND t.state <> 'disabled' AND t.livekit_trunk <> ''
	ORDER BY w.trunk_id, w.pin`

// WantedRules implements rules.Store.
func (s *Store) WantedRules(ctx context.Context, now time.Time) ([]rules.Rule, error) {
	return s.queryRules(ctx, "read wanted rules", wantedRules, now)
}

// Rules implements rules.Store.
func (s *Store) Rules(ctx context.Context) ([]rules.Rule, error) {
	return s.queryRules(ctx, "read rules", `SELECT trunk_id, pin, room_id::text, livekit_trunk, rule_id, claimed_until
		FROM livekit_rules ORDER BY trunk_id, pin`)
}

func (s *Store) queryRules(ctx context.Context, doing, query string, args ...any) ([]rules.Rule, error) {
	rows, err := s.Pool().Query(ctx, query, args...)
	if err != nil {
		return nil, fault(doing, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rules.Rule, error) {
		var (
			r       rules.Rule
			claimed *time.Time
		)
		err := row.Scan(&r.TrunkID, &r.PIN, &r.RoomID, &r.LiveKitTrunk, &r.ID, &claimed)
		r.ClaimedUntil = timeOf(claimed).UTC()
		return r, err
	})
	return list, fault(doing, err)
}

// ClaimRule implements rules.Store.
func (s *Store) ClaimRule(ctx context.Context, r rules.Rule) (bool, error) {
	tag, err := s.Pool().Exec(ctx, `INSERT INTO livekit_rules (trunk_id, pin, room_id, livekit_trunk, rule_id, claimed_until)
		VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT DO NOTHING`, r.TrunkID, r.PIN, r.RoomID, r.LiveKitTrunk, r.ClaimedUntil)
	return tag.RowsAffected() > 0, fault("claim rule", err)
}

// KeepRule implements rules.Store.
func (s *Store) KeepRule(ctx context.Context, r rules.Rule) (bool, error) {
	tag, err := s.Pool().Exec(ctx, `UPDATE livekit_rules SET rule_id = $3
		WHERE trunk_id = $1 AND pin = $2 AND rule_id = '' AND claimed_until = $4`, r.TrunkID, r.PIN, r.ID, r.ClaimedUntil)
	return tag.RowsAffected() > 0, fault("keep rule", err)
}

// DropRule implements rules.Store.
func (s *Store) DropRule(ctx context.Context, r rules.Rule) error {
	_, err := s.Pool().Exec(ctx, `DELETE FROM livekit_rules
		WHERE trunk_id = $1 AND pin = $2 AND rule_id = $3 AND claimed_until = $4`, r.TrunkID, r.PIN, r.ID, r.ClaimedUntil)
	return fault("drop rule", err)
}
