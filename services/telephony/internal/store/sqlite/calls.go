package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/page"
)

// LookupPIN implements dispatch.Store.
func (s *Store) LookupPIN(ctx context.Context, trunkID, digits string) (dispatch.Lookup, error) {
	l, err := lookup(ctx, s.Read(), trunkID, digits)
	return l, fault("look up PIN", err)
}

func lookup(ctx context.Context, q querier, trunkID, digits string) (dispatch.Lookup, error) {
	l := dispatch.Lookup{TrunkFound: true}
	var until, guarded, crowded sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT t.state, p.pin IS NOT NULL, coalesce(p.state, ''), coalesce(p.room_id, ''), p.until,
			t.arming, t.guard, t.guarded_until, coalesce(r.live, 0), r.crowded_until
		FROM trunks t LEFT JOIN pins p ON p.trunk_id = t.id AND p.pin = ?
		LEFT JOIN room_states r ON r.room_id = p.room_id WHERE t.id = ?`, digits, trunkID).
		Scan(&l.TrunkState, &l.Found, &l.PINState, &l.RoomID, &until, &l.Arming, &l.Guard, &guarded, &l.Live, &crowded)
	if errors.Is(err, sql.ErrNoRows) {
		return dispatch.Lookup{}, nil
	}
	l.Until, l.GuardedUntil, l.CrowdedUntil = timeOrZero(until), timeOrZero(guarded), timeOrZero(crowded)
	return l, err
}

const recordCall = `
	INSERT INTO calls AS c (id, trunk_id, room_id, state, caller, called, started_at, answered_at, ended_at,
		end_reason, refusal, updated_at, caller_key, caller_number, sip_status, sip_reason, bridge, proof)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET
		trunk_id    = coalesce(nullif(c.trunk_id, ''), excluded.trunk_id),
		room_id     = coalesce(nullif(c.room_id, ''), excluded.room_id),
		state       = CASE WHEN c.silent OR (c.left_state > 0 AND excluded.state >= 4) THEN excluded.state
			WHEN c.state >= 4 THEN c.state ELSE max(c.state, excluded.state) END,
		left_state  = CASE WHEN c.left_state > 0 AND excluded.state < 4 THEN max(c.left_state, excluded.state) ELSE 0 END,
		caller      = coalesce(nullif(c.caller, ''), excluded.caller),
		caller_number = coalesce(nullif(c.caller_number, x''), excluded.caller_number),
		caller_key  = coalesce(nullif(c.caller_key, ''), excluded.caller_key),
		called      = coalesce(nullif(c.called, ''), excluded.called),
		started_at  = min(c.started_at, excluded.started_at),
		answered_at = coalesce(c.answered_at, excluded.answered_at),
		ended_at    = CASE WHEN c.silent OR (c.left_state > 0 AND excluded.state >= 4) THEN excluded.ended_at ELSE coalesce(c.ended_at, excluded.ended_at) END,
		end_reason  = CASE WHEN c.silent OR (c.left_state > 0 AND excluded.state >= 4) THEN excluded.end_reason ELSE coalesce(nullif(c.end_reason, ''), excluded.end_reason) END,
		silent      = false,
		refusal     = coalesce(nullif(c.refusal, ''), excluded.refusal),
		sip_status  = coalesce(nullif(c.sip_status, 0), excluded.sip_status),
		sip_reason  = CASE WHEN c.sip_status <> 0 THEN c.sip_reason ELSE excluded.sip_reason END,
		bridge      = coalesce(nullif(c.bridge, ''), excluded.bridge),
		proof       = max(c.proof, excluded.proof),
		updated_at  = max(c.updated_at, excluded.updated_at)`

// RecordCalls implements calls.Store.
func (s *Store) RecordCalls(ctx context.Context, events ...calls.Event) error {
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, e := range events {
			started := e.Started
			if started.IsZero() {
				started = e.Updated
			}
			_, err := tx.ExecContext(ctx, recordCall, e.ID, e.TrunkID, e.RoomID, int(e.State), e.Caller, e.Called, micros(started),
				nullable(e.Answered), nullable(e.Ended), e.EndReason, e.Refusal, micros(e.Updated), e.CallerKey, blob(e.CallerNumber), e.SIPStatus, e.SIPReason,
				e.Bridge, int(e.Proof))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return fault("record calls", err)
}

const callColumns = `id, trunk_id, room_id, state, caller, called, started_at, answered_at,
	ended_at, end_reason, refusal, updated_at, caller_key, caller_number, sip_status, sip_reason`

// Calls implements calls.Store.
func (s *Store) Calls(ctx context.Context, f calls.Filter, w page.Window) ([]calls.Call, int, error) {
	where, args := filter(f)
	var total int
	if err := s.Read().QueryRowContext(ctx, `SELECT count(*) FROM calls`+where, args...).Scan(&total); err != nil {
		return nil, 0, fault("count calls", err)
	}
	rows, err := s.Read().QueryContext(ctx, `SELECT `+callColumns+` FROM calls`+where+` ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?`,
		append(args, w.Limit, w.Offset)...)
	list, err := collect(rows, err, scanCall)
	return list, total, fault("list calls", err)
}

func scanCall(rows *sql.Rows) (calls.Call, error) {
	var (
		c                calls.Call
		started, updated int64
		answered, ended  sql.NullInt64
	)
	err := rows.Scan(&c.ID, &c.TrunkID, &c.RoomID, &c.State, &c.Caller, &c.Called, &started, &answered,
		&ended, &c.EndReason, &c.Refusal, &updated, &c.CallerKey, &c.CallerNumber, &c.SIPStatus, &c.SIPReason)
	c.Started, c.Updated = timeOf(started), timeOf(updated)
	c.Answered, c.Ended = timeOrZero(answered), timeOrZero(ended)
	return c, err
}

func filter(f calls.Filter) (where string, args []any) {
	var terms []string
	equal := func(term, value string) {
		if value != "" {
			args = append(args, value)
			terms = append(terms, term)
		}
	}
	equal("room_id = ?", f.RoomID)
	equal("trunk_id = ?", f.TrunkID)
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
	doubted, args := "state < 4", []any{micros(now), d.Reason, micros(now)}
	if d.Bridge != "" {
		doubted, args = doubted+" AND bridge <> '' AND bridge = ?", append(args, d.Bridge) // as the index has it
	}
	if !d.Before.IsZero() {
		doubted, args = doubted+" AND updated_at < ?", append(args, micros(d.Before))
	}
	if d.Prompt {
		doubted += " AND room_id = ''"
	}
	n, err := s.exec(ctx, `UPDATE calls SET state = 5, silent = true, ended_at = ?, end_reason = ?, updated_at = ?
		WHERE id IN (SELECT id FROM calls WHERE `+doubted+` LIMIT ?)`, append(args, limit)...)
	return n, fault("fail calls", err)
}

// Bridges implements calls.Store.
func (s *Store) Bridges(ctx context.Context) ([]string, error) {
	rows, err := s.Read().QueryContext(ctx, `SELECT DISTINCT bridge FROM calls WHERE state < 4 AND bridge <> '' ORDER BY bridge`)
	list, err := collect(rows, err, func(rows *sql.Rows) (bridge string, err error) {
		err = rows.Scan(&bridge)
		return bridge, err
	})
	return list, fault("list bridges", err)
}

// DeleteCalls implements calls.Store.
func (s *Store) DeleteCalls(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.exec(ctx, `DELETE FROM calls WHERE id IN
		(SELECT id FROM calls WHERE updated_at < ? ORDER BY updated_at LIMIT ?)`, micros(before), limit)
	return n, fault("delete calls", err)
}
