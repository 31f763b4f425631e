package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

// lookupPIN reads a PIN, and whether its caller is marked: an account of his has
// a wrong PIN, or his call had one.
const lookupPIN = `
SELECT t.state, p.pin IS NOT NULL, coalesce(p.state, ''), coalesce(p.room_id::text, ''), p.until,
	t.arming, t.guard, t.guarded_until, coalesce(r.live, false), r.crowded_until,
	EXISTS (SELECT 1 FROM throttles h WHERE h.caller = $4 AND h.trunk_id IN ('', $1) AND h.wrong > 0)
		OR EXISTS (SELECT 1 FROM wrong_pins w WHERE w.trunk_id = $1 AND w.call_id = $3)
FROM trunks t LEFT JOIN pins p ON p.trunk_id = t.id AND p.pin = $2
LEFT JOIN room_states r ON r.room_id = p.room_id WHERE t.id = $1`

func (s *Store) lookup(ctx context.Context, trunkID, digits, callID, caller string) (l dispatch.Lookup, marked bool, err error) {
	var until, guarded, crowded *time.Time
	err = s.Pool().QueryRow(ctx, lookupPIN, trunkID, digits, callID, caller).Scan(&l.TrunkState, &l.Found, &l.PINState, &l.RoomID,
		&until, &l.Arming, &l.Guard, &guarded, &l.Live, &crowded, &marked)
	if errors.Is(err, pgx.ErrNoRows) {
		return dispatch.Lookup{}, false, nil
	}
	l.TrunkFound = true
	l.Until, l.GuardedUntil, l.CrowdedUntil = timeOf(until), timeOf(guarded), timeOf(crowded)
	return l, marked, err
}

// LookupPIN implements dispatch.Store.
func (s *Store) LookupPIN(ctx context.Context, trunkID, digits string) (dispatch.Lookup, error) {
	l, _, err := s.lookup(ctx, trunkID, digits, "", "")
	return l, fault("look up PIN", err)
}

// TryPIN implements dispatch.Store. A good call of somebody who never slipped
// only reads, which is most calls; whatever else is judged by tryPIN, which takes
// several times as long.
func (s *Store) TryPIN(ctx context.Context, a throttle.Attempt) (dispatch.Tried, error) {
	l, marked, err := s.lookup(ctx, a.TrunkID, a.Digits, a.CallID, a.Caller)
	hidden := a.Caller == "" && l.Guarded(a.Now)
	if err != nil || !l.TrunkFound || !l.TrunkState.TakesCalls() || (l.Good(a.Now) && l.Armed(a.Now) && !marked && !hidden) {
		return dispatch.Tried{Lookup: l}, fault("try PIN", err)
	}
	return s.judge(ctx, a)
}

// tryPIN looks a PIN up and judges its caller; what is wrong is charged, what is
// right forgives, what is not armed writes as much and changes no count. It is
// one statement, so one round trip. The upsert charges the rows as they are by then,
// so no charge is lost among calls at the same time; accounts are locked in the
// order of their trunks, so that calls never wait for each other in a circle.
const tryPIN = `
WITH account AS (
	SELECT * FROM unnest($5::text[], $6::text[], $7::integer[], $8::timestamptz[], $9::timestamptz[])
		WITH ORDINALITY AS a (trunk_id, caller, most, refused_since, ends_at, place)
), trunk AS (
	SELECT *, guard = 'on' OR (guard = 'auto' AND coalesce(guarded_until > $4::timestamptz, false)) AS guarded
	FROM trunks WHERE id = $1::text
), found AS (
	SELECT t.state AS trunk_state, t.arming, t.guard, t.guarded_until, p.pin IS NOT NULL AS found, p.state, p.room_id, p.until,
		coalesce(r.live, false) AS live, r.crowded_until, coalesce(r.live, false) OR (t.arming <> 'live' AND NOT t.guarded) AS armed,
		coalesce(p.state = 'current' OR (p.state = 'retiring' AND p.until > $4::timestamptz), false) AS good
	FROM trunk t LEFT JOIN pins p ON p.trunk_id = t.id AND p.pin = $2::text
	LEFT JOIN room_states r ON r.room_id = p.room_id
), judged AS (
	SELECT EXISTS (SELECT 1 FROM wrong_pins WHERE trunk_id = $1::text AND call_id = $3::text) OR EXISTS (
		SELECT 1 FROM account a JOIN throttles h ON h.trunk_id = a.trunk_id AND h.caller = a.caller
		WHERE h.wrong >= a.most AND h.last_at > a.refused_since)
		OR EXISTS (SELECT 1 FROM trunk WHERE guarded AND $10::text = '') AS throttled
), noted AS (
	INSERT INTO wrong_pins (trunk_id, call_id, tested, at)
	SELECT $1::text, $3::text, NOT throttled AND NOT good, $4::timestamptz FROM found, judged
	WHERE trunk_state <> 'disabled' AND (throttled OR NOT good OR NOT armed)
	ON CONFLICT DO NOTHING RETURNING tested
), charged AS (
	INSERT INTO throttles AS h (trunk_id, caller, wrong, refused, forgiven, ends_at, last_at)
	SELECT a.trunk_id, a.caller, tested::integer, throttled::integer, false, a.ends_at, $4::timestamptz
	FROM noted, judged, account a ORDER BY a.trunk_id
	ON CONFLICT (trunk_id, caller) DO UPDATE SET
		wrong    = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN 1 ELSE h.wrong + excluded.wrong END,
		refused  = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN 0 ELSE h.refused + excluded.refused END,
		forgiven = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN false ELSE h.forgiven END,
		ends_at  = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN excluded.ends_at ELSE h.ends_at END,
		last_at  = CASE WHEN excluded.wrong = 1 THEN greatest(h.last_at, excluded.last_at) ELSE h.last_at END
	RETURNING h.trunk_id, h.wrong
), forgiven AS (
	UPDATE throttles h SET wrong = greatest(h.wrong - $11::integer, 0), forgiven = true FROM found, judged
	WHERE h.trunk_id = $1::text AND h.caller = $10::text AND $10::text <> ''
	AND good AND armed AND NOT throttled AND trunk_state <> 'disabled' AND NOT h.forgiven AND h.wrong > 0 AND h.ends_at > $4::timestamptz
)
SELECT f.trunk_state IS NOT NULL, coalesce(f.trunk_state, ''), coalesce(f.found, false), coalesce(f.state, ''),
	coalesce(f.room_id::text, ''), f.until, coalesce(f.arming, ''), coalesce(f.guard, ''), f.guarded_until,
	coalesce(f.live, false), f.crowded_until, throttled, coalesce((SELECT tested FROM noted), false),
	ARRAY (SELECT c.wrong FROM account a JOIN charged c ON c.trunk_id = a.trunk_id ORDER BY a.place)
FROM judged LEFT JOIN found f ON true`

// judge is TryPIN for whoever may have to be refused, charged or forgiven.
func (s *Store) judge(ctx context.Context, a throttle.Attempt) (dispatch.Tried, error) {
	var (
		n                 = len(a.Accounts)
		trunkIDs, callers = make([]string, n), make([]string, n)
		most              = make([]int, n)
		since, ends       = make([]time.Time, n), make([]time.Time, n)
		tried             dispatch.Tried
		tested            bool
		counts            []int // sent whatever the PIN, so that no answer is quicker

		until, guarded, crowded *time.Time
	)
	for i, account := range a.Accounts {
		trunkIDs[i], callers[i], most[i] = account.TrunkID, account.Caller, account.Limit.Wrong
		since[i], ends[i] = account.Limit.RefusedSince(a.Now), a.Now.Add(account.Limit.Window)
	}
	err := s.Pool().QueryRow(ctx, tryPIN, a.TrunkID, a.Digits, a.CallID, a.Now,
		trunkIDs, callers, most, since, ends, a.Caller, a.Forgive).
		Scan(&tried.TrunkFound, &tried.TrunkState, &tried.Found, &tried.PINState, &tried.RoomID, &until,
			&tried.Arming, &tried.Guard, &guarded, &tried.Live, &crowded, &tried.Throttled, &tested, &counts)
	if tested {
		tried.Charged = counts
	}
	tried.Until, tried.GuardedUntil, tried.CrowdedUntil = timeOf(until), timeOf(guarded), timeOf(crowded)
	return tried, fault("try PIN", err)
}

// Standings implements throttle.Store.
func (s *Store) Standings(ctx context.Context, trunkID, caller string) ([]throttle.Standing, error) {
	rows, err := s.Pool().Query(ctx, `SELECT trunk_id, caller, wrong, refused, last_at FROM throttles
		WHERE trunk_id IN ('', $1) AND caller = $2 ORDER BY trunk_id`, trunkID, caller)
	if err != nil {
		return nil, fault("read throttles", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s throttle.Standing, err error) {
		return s, row.Scan(&s.TrunkID, &s.Caller, &s.Wrong, &s.Refused, &s.Last)
	})
	return list, fault("read throttles", err)
}

// ClearAccounts implements throttle.Store.
func (s *Store) ClearAccounts(ctx context.Context, caller, trunkID string) (int, error) {
	tag, err := s.Pool().Exec(ctx, `DELETE FROM throttles WHERE caller = $1 AND ($2 = '' OR trunk_id = $2)`, caller, trunkID)
	return int(tag.RowsAffected()), fault("clear throttles", err)
}

// DeleteAccounts implements throttle.Store.
func (s *Store) DeleteAccounts(ctx context.Context, rules throttle.Rules, now, before time.Time, limit int) (int, error) {
	onTrunk, everywhere, hidden := rules.CallerOnTrunk, rules.Caller, rules.Anonymous
	accounts, err := s.Pool().Exec(ctx, `DELETE FROM throttles WHERE (trunk_id, caller) IN (
		SELECT trunk_id, caller FROM throttles WHERE ends_at <= $1 AND NOT (
			CASE WHEN caller = '' THEN wrong >= $7 AND last_at > $8
			WHEN trunk_id = '' THEN wrong >= $5 AND last_at > $6
			ELSE wrong >= $3 AND last_at > $4 END)
		ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, now, limit, onTrunk.Most(), onTrunk.RefusedSince(now),
		everywhere.Most(), everywhere.RefusedSince(now), hidden.Most(), hidden.RefusedSince(now))
	if err != nil {
		return 0, fault("delete throttles", err)
	}
	calls, err := s.Pool().Exec(ctx, `DELETE FROM wrong_pins WHERE (trunk_id, call_id) IN
		(SELECT trunk_id, call_id FROM wrong_pins WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)`, before, limit)
	return int(max(accounts.RowsAffected(), calls.RowsAffected())), fault("delete wrong PINs", err)
}
