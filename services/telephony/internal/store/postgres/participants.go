package postgres

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// noteParticipant is the new record with state and left_state of one that was not known
// before, and what becomes of one that was. An end is told, and stays, where it is
// presumed neither from silence nor from the participant.
const noteParticipant = `
	INSERT INTO calls AS c (id, trunk_id, room_id, state, left_state, caller, called, started_at, ended_at,
		end_reason, refusal, updated_at, joined_at, left_at)
	SELECT $1, $2, $3, CASE WHEN $5::timestamptz IS NULL THEN 2 ELSE 4 END, CASE WHEN $5::timestamptz IS NULL THEN 0 ELSE 2 END, '', '', $4, $5,
		$6, '', $7, $4, $5
	WHERE EXISTS (SELECT 1 FROM trunks WHERE id = $2) OR EXISTS (SELECT 1 FROM calls WHERE id = $1)
	ON CONFLICT (id) DO UPDATE SET
		trunk_id   = coalesce(nullif(c.trunk_id, ''), excluded.trunk_id),
		room_id    = coalesce(nullif(c.room_id, ''), excluded.room_id),
		state      = CASE WHEN c.state >= 4 AND c.left_state = 0 AND NOT c.silent THEN c.state
			WHEN excluded.left_at IS NOT NULL OR c.silent THEN excluded.state
			WHEN c.left_state > 0 THEN c.left_state ELSE greatest(c.state, excluded.state) END,
		left_state = CASE WHEN (c.state >= 4 AND c.left_state = 0 AND NOT c.silent) OR excluded.left_at IS NULL THEN 0
			WHEN c.silent THEN excluded.left_state
			WHEN c.left_state > 0 THEN c.left_state ELSE greatest(c.state, excluded.left_state) END,
		ended_at   = CASE WHEN c.state >= 4 AND c.left_state = 0 AND NOT c.silent THEN c.ended_at ELSE excluded.ended_at END,
		end_reason = CASE WHEN c.state >= 4 AND c.left_state = 0 AND NOT c.silent THEN c.end_reason ELSE excluded.end_reason END,
		silent     = false,
		started_at = least(c.started_at, excluded.started_at),
		updated_at = greatest(c.updated_at, excluded.updated_at),
		joined_at  = excluded.joined_at,
		left_at    = excluded.left_at
	WHERE c.refusal = '' AND c.state <> 6 AND (c.joined_at IS NULL OR
		(excluded.joined_at, coalesce(excluded.left_at, '-infinity')) > (c.joined_at, coalesce(c.left_at, '-infinity')))`

// earlierStart is what there is to learn from a participant that is known already,
// or older than the one that is: the call may have started when it joined.
const earlierStart = `UPDATE calls SET started_at = $2 WHERE id = $1 AND started_at > $2 AND refusal = '' AND state <> 6`

// NoteParticipant implements calls.Store.
func (s *Store) NoteParticipant(ctx context.Context, p calls.Participant, now time.Time) error {
	tag, err := s.Pool().Exec(ctx, noteParticipant, p.CallID, p.TrunkID, p.RoomID, p.Joined, nullable(p.Left), p.LeaveReason, now)
	if err == nil && tag.RowsAffected() == 0 {
		_, err = s.Pool().Exec(ctx, earlierStart, p.CallID, p.Joined)
	}
	return fault("note participant", err)
}

// RenewCalls implements calls.Store. Calls whose participant has left are over.
func (s *Store) RenewCalls(ctx context.Context, silent, now time.Time, limit int) (int, error) {
	tag, err := s.Pool().Exec(ctx, `UPDATE calls SET updated_at = $2 WHERE id IN (
			SELECT c.id FROM calls c JOIN room_states r ON r.room_id::text = c.room_id AND r.live
			WHERE c.state < 4 AND c.updated_at < $1 AND c.joined_at IS NOT NULL LIMIT $3)
		AND state < 4 AND updated_at < $1`, silent, now, limit)
	return int(tag.RowsAffected()), fault("renew calls", err)
}
