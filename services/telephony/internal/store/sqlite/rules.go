package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/rules"
)

// wantedRules has one branch for each state, because each has an index of its own.
const wantedRules = `SELECT w.trunk_id, w.pin, w.room_id, t.livekit_trunk, '', NULL FROM (
		SELECT p.trunk_id, p.pin, p.room_id FROM room_states r JOIN pins p ON p.room_id = r.room_id AND p.state = 'current' WHERE r.live = 1
		UNION ALL
		SELECT p.trunk_id, p.pin, p.room_id FROM room_states r JOIN pins p ON p.room_id = r.room_id AND p.state = 'retiring' AND p.until > ? WHERE r.live = 1
	) w JOIN trunks t ON t.id = w.trunk_id AND t.state <> 'disabled' AND t.livekit_trunk <> ''
	ORDER BY w.trunk_id, w.pin`

// WantedRules implements rules.Store.
func (s *Store) WantedRules(ctx context.Context, now time.Time) ([]rules.Rule, error) {
	return s.queryRules(ctx, "read wanted rules", wantedRules, micros(now))
}

// Rules implements rules.Store.
func (s *Store) Rules(ctx context.Context) ([]rules.Rule, error) {
	return s.queryRules(ctx, "read rules", `SELECT trunk_id, pin, room_id, livekit_trunk, rule_id, claimed_until
		FROM livekit_rules ORDER BY trunk_id, pin`)
}

func (s *Store) queryRules(ctx context.Context, doing, query string, args ...any) ([]rules.Rule, error) {
	rows, err := s.Read().QueryContext(ctx, query, args...)
	list, err := collect(rows, err, func(rows *sql.Rows) (rules.Rule, error) {
		var (
			r       rules.Rule
			claimed sql.NullInt64
		)
		err := rows.Scan(&r.TrunkID, &r.PIN, &r.RoomID, &r.LiveKitTrunk, &r.ID, &claimed)
		r.ClaimedUntil = timeOrZero(claimed)
		return r, err
	})
	return list, fault(doing, err)
}

// ClaimRule implements rules.Store.
func (s *Store) ClaimRule(ctx context.Context, r rules.Rule) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO livekit_rules (trunk_id, pin, room_id, livekit_trunk, rule_id, claimed_until)
		VALUES (?, ?, ?, ?, '', ?) ON CONFLICT DO NOTHING`, r.TrunkID, r.PIN, r.RoomID, r.LiveKitTrunk, micros(r.ClaimedUntil))
	return n > 0, fault("claim rule", err)
}

// KeepRule implements rules.Store.
func (s *Store) KeepRule(ctx context.Context, r rules.Rule) (bool, error) {
	n, err := s.exec(ctx, `UPDATE livekit_rules SET rule_id = ?
		WHERE trunk_id = ? AND pin = ? AND rule_id = '' AND claimed_until = ?`, r.ID, r.TrunkID, r.PIN, micros(r.ClaimedUntil))
	return n > 0, fault("keep rule", err)
}

// DropRule implements rules.Store.
func (s *Store) DropRule(ctx context.Context, r rules.Rule) error {
	_, err := s.exec(ctx, `DELETE FROM livekit_rules
		WHERE trunk_id = ? AND pin = ? AND rule_id = ? AND claimed_until = ?`, r.TrunkID, r.PIN, r.ID, micros(r.ClaimedUntil))
	return fault("drop rule", err)
}
