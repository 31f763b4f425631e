package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/page"
)

const recordCall = `
	INSERT INTO calls AS c (id, trunk_id, room_id, state, caller, called, started_at, answered_at, ended_at,
		end_reason, refusal, updated_at, caller_key, caller_number, sip_status, sip_reason, bridge, proof)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
	ON CONFLICT (id) DO UPDATE SET
		trunk_id    = coalesce(nullif(c.trunk_id, ''), excluded.trunk_id),
		room_id     = coalesce(nullif(c.room_id, ''), excluded.room_id),
		state       = CASE WHEN c.silent OR (c.left_state > 0 AND excluded.state >= 4) THEN excluded.state
			WHEN c.state >= 4 THEN c.state ELSE greatest(c.state, excluded.state) END,
		left_state  = CASE WHEN c.left_state > 0 AND excluded.state < 4 THEN greatest(c.left_state, excluded.state) ELSE 0 END,
		caller      = coalesce(nullif(c.caller, ''), excluded.caller),
		caller_number = coalesce(nullif(c.caller_number, ''), excluded.caller_number),
		caller_key  = coalesce(nullif(c.caller_key, ''), excluded.caller_key),
		called      = coalesce(nullif(c.called, ''), excluded.called),
		started_at  = least(c.started_at, excluded.started_at),
		answered_at = coalesce(c.answered_at, excluded.answered_at),
		ended_at    = CASE WHEN c.silent OR (c.left_state > 0 AND excluded.state >= 4) THEN excluded.ended_at ELSE coalesce(c.ended_at, excluded.ended_at) END,
		end_reason  = CASE WHEN c.silent OR (c.left_state > 0 AND excluded.state >= 4) THEN excluded.end_reason ELSE coalesce(nullif(c.end_reason, ''), excluded.end_reason) END,
		silent      = false,
		refusal     = coalesce(nullif(c.refusal, ''), excluded.refusal),
		sip_status  = coalesce(nullif(c.sip_status, 0), excluded.sip_status),
		sip_reason  = CASE WHEN c.sip_status <> 0 THEN c.sip_reason ELSE excluded.sip_reason END,
		bridge      = coalesce(nullif(c.bridge, ''), excluded.bridge),
		proof       = greatest(c.proof, excluded.proof),
		updated_at  = greatest(c.updated_at, excluded.updated_at)`

func recordArgs(e calls.Event) []any {
	started := e.Started
	if started.IsZero() {
		started = e.Updated
	}
	return []any{
		e.ID, e.TrunkID, e.RoomID, int(e.State), e.Caller, e.Called, started,
		nullable(e.Answered), nullable(e.Ended), e.EndReason, e.Refusal, e.Updated, e.CallerKey, blob(e.CallerNumber), e.SIPStatus, e.SIPReason,
		e.Bridge, int(e.Proof),
	}
}

// RecordCalls implements calls.Store. Several are written in the order of their
// calls, so that replicas which record the same calls wait in no circle.
func (s *Store) RecordCalls(ctx context.Context, events ...calls.Event) error {
	if len(events) == 1 {
		_, err := s.Pool().Exec(ctx, recordCall, recordArgs(events[0])...)
		return fault("record call", err)
	}
	ordered := slices.SortedStableFunc(slices.Values(events), func(a, b calls.Event) int { return strings.Compare(a.ID, b.ID) })
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, e := range ordered {
			batch.Queue(recordCall, recordArgs(e)...)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	return fault("record calls", err)
}

const callColumns = `id, trunk_id, room_id, state, caller, called, started_at, answered_at,
	ended_at, end_reason, refusal, updated_at, caller_key, caller_number, sip_status, sip_reason`

// Calls implements calls.Store.
func (s *Store) Calls(ctx context.Context, f calls.Filter, w page.Window) ([]calls.Call, int, error) {
	where, args := filter(f)
	var total int
	if err := s.Pool().QueryRow(ctx, `SELECT count(*) FROM calls`+where, args...).Scan(&total); err != nil {
		return nil, 0, fault("count calls", err)
	}
	rest := fmt.Sprintf(` ORDER BY started_at DESC, id DESC LIMIT $%d OFFSET $%d`, len(args)+1, len(args)+2)
	rows, err := s.Pool().Query(ctx, `SELECT `+callColumns+` FROM calls`+where+rest, append(args, w.Limit, w.Offset)...)
	if err != nil {
		return nil, 0, fault("list calls", err)
	}
	list, err := pgx.CollectRows(rows, scanCall)
	return list, total, fault("list calls", err)
}

func scanCall(row pgx.CollectableRow) (calls.Call, error) {
	var (
		c               calls.Call
		answered, ended *time.Time
	)
	err := row.Scan(&c.ID, &c.TrunkID, &c.RoomID, &c.State, &c.Caller, &c.Called, &c.Started, &answered,
		&ended, &c.EndReason, &c.Refusal, &c.Updated, &c.CallerKey, &c.CallerNumber, &c.SIPStatus, &c.SIPReason)
	c.Answered, c.Ended = timeOf(answered), timeOf(ended)
	return c, err
}

func filter(f calls.Filter) (where string, args []any) {
	var terms []string
	equal := func(column, value string) {
		if value != "" {
			args = append(args, value)
			terms = append(terms, fmt.Sprintf("%s = $%d", column, len(args)))
		}
	}
	equal("room_id", f.RoomID)
	equal("trunk_id", f.TrunkID)
	if f.Live {
		terms = append(terms, "state < 4")
	}
	if f.Refused {
		terms = append(terms, "refusal <> ''")
		if f.TrunkID == "" {
			terms = append(terms, "trunk_id = ''")
		}
	}
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

// FailCalls implements calls.Store.
func (s *Store) FailCalls(ctx context.Context, d calls.Doubt, now time.Time, limit int) (int, error) {
	if d.None() {
		return 0, nil
	}
	doubted, args := "state < 4", []any{now, d.Reason, limit}
	add := func(term string, value any) {
		args = append(args, value)
		doubted += fmt.Sprintf(" AND "+term, len(args))
	}
	if d.Bridge != "" {
		add("bridge <> '' AND bridge = $%d", d.Bridge) // as the index has it
	}
	if !d.Before.IsZero() {
		add("updated_at < $%d", d.Before)
	}
	if d.Prompt {
		doubted += " AND room_id = ''"
	}
	tag, err := s.Pool().Exec(ctx, `UPDATE calls SET state = 5, silent = true, ended_at = $1, end_reason = $2, updated_at = $1
		WHERE id IN (SELECT id FROM calls WHERE `+doubted+` LIMIT $3) AND `+doubted, args...)
	return int(tag.RowsAffected()), fault("fail calls", err)
}

// Bridges implements calls.Store.
func (s *Store) Bridges(ctx context.Context) ([]string, error) {
	rows, err := s.Pool().Query(ctx, `SELECT DISTINCT bridge FROM calls WHERE state < 4 AND bridge <> '' ORDER BY bridge`)
	if err != nil {
		return nil, fault("list bridges", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, fault("list bridges", err)
}

// DeleteCalls implements calls.Store.
func (s *Store) DeleteCalls(ctx context.Context, before time.Time, limit int) (int, error) {
	tag, err := s.Pool().Exec(ctx, `DELETE FROM calls WHERE id IN
		(SELECT id FROM calls WHERE updated_at < $1 ORDER BY updated_at LIMIT $2) AND updated_at < $1`, before, limit)
	return int(tag.RowsAffected()), fault("delete calls", err)
}
