package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

// TryPIN implements dispatch.Store. A good call without slips only reads;
// whatever else is judged again with no other writer beside it.
func (s *Store) TryPIN(ctx context.Context, a throttle.Attempt) (dispatch.Tried, error) {
	tried, slips, err := judge(ctx, s.Read(), a)
	if err != nil || !tried.TrunkFound || !tried.TrunkState.TakesCalls() || (tried.Good(a.Now) && tried.Armed(a.Now) && !tried.Throttled && !slips) {
		return tried, fault("try PIN", err)
	}
	err = s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if tried, _, err = judge(ctx, tx, a); err != nil {
			return err
		}
		switch {
		case !tried.TrunkFound || !tried.TrunkState.TakesCalls():
			return nil
		case tried.Throttled || !tried.Good(a.Now) || !tried.Armed(a.Now):
			tried.Charged, err = charge(ctx, tx, a, !tried.Throttled && !tried.Good(a.Now), tried.Throttled)
			return err
		default:
			return forgive(ctx, tx, a)
		}
	})
	return tried, fault("try PIN", err)
}

// judge looks the PIN up and says whether the caller is refused, and whether he
// has an account on the trunk.
func judge(ctx context.Context, q querier, a throttle.Attempt) (tried dispatch.Tried, slips bool, err error) {
	if tried.Lookup, err = lookup(ctx, q, a.TrunkID, a.Digits); err != nil {
		return tried, false, err
	}
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM wrong_pins WHERE trunk_id = ? AND call_id = ?)`,
		a.TrunkID, a.CallID).Scan(&tried.Throttled)
	if err != nil {
		return tried, false, err
	}
	tried.Throttled = tried.Throttled || (a.Caller == "" && tried.Guarded(a.Now))
	standings, err := standings(ctx, q, a.TrunkID, a.Caller)
	for _, standing := range standings {
		slips = slips || (a.Caller != "" && standing.TrunkID == a.TrunkID)
		for _, account := range a.Accounts {
			if account.TrunkID == standing.TrunkID && account.Caller == standing.Caller {
				tried.Throttled = tried.Throttled || account.Limit.Refuses(standing, a.Now)
			}
		}
	}
	return tried, slips, err
}

// charge notes a call's try and returns the accounts after it; nothing where
// the call was noted already or its PIN was not found wrong by a test. A good
// PIN that is not armed is neither wrong nor refused.
func charge(ctx context.Context, tx *sql.Tx, a throttle.Attempt, tested, refused bool) ([]int, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO wrong_pins (trunk_id, call_id, tested, at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, a.TrunkID, a.CallID, tested, micros(a.Now))
	if err != nil {
		return nil, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return nil, err
	}
	var charged []int
	for _, account := range a.Accounts {
		var wrong int
		err := tx.QueryRowContext(ctx, `
			INSERT INTO throttles AS h (trunk_id, caller, wrong, refused, forgiven, ends_at, last_at)
			VALUES (?, ?, ?, ?, 0, ?, ?)
			ON CONFLICT (trunk_id, caller) DO UPDATE SET
				wrong    = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN 1 ELSE h.wrong + excluded.wrong END,
				refused  = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN 0 ELSE h.refused + excluded.refused END,
				forgiven = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN 0 ELSE h.forgiven END,
				ends_at  = CASE WHEN excluded.wrong = 1 AND h.ends_at <= excluded.last_at THEN excluded.ends_at ELSE h.ends_at END,
				last_at  = CASE WHEN excluded.wrong = 1 THEN max(h.last_at, excluded.last_at) ELSE h.last_at END
			RETURNING wrong`,
			account.TrunkID, account.Caller, tested, refused, micros(a.Now.Add(account.Limit.Window)), micros(a.Now)).Scan(&wrong)
		if err != nil {
			return nil, err
		}
		if tested {
			charged = append(charged, wrong)
		}
	}
	return charged, nil
}

func forgive(ctx context.Context, tx *sql.Tx, a throttle.Attempt) error {
	_, err := tx.ExecContext(ctx, `UPDATE throttles SET wrong = max(wrong - ?, 0), forgiven = 1
		WHERE trunk_id = ? AND caller = ? AND caller <> '' AND forgiven = 0 AND wrong > 0 AND ends_at > ?`,
		a.Forgive, a.TrunkID, a.Caller, micros(a.Now))
	return err
}

// Standings implements throttle.Store.
func (s *Store) Standings(ctx context.Context, trunkID, caller string) ([]throttle.Standing, error) {
	list, err := standings(ctx, s.Read(), trunkID, caller)
	return list, fault("read throttles", err)
}

func standings(ctx context.Context, q querier, trunkID, caller string) ([]throttle.Standing, error) {
	rows, err := q.QueryContext(ctx, `SELECT trunk_id, caller, wrong, refused, last_at FROM throttles
		WHERE trunk_id IN ('', ?) AND caller = ? ORDER BY trunk_id`, trunkID, caller)
	return collect(rows, err, func(rows *sql.Rows) (s throttle.Standing, err error) {
		var last int64
		err = rows.Scan(&s.TrunkID, &s.Caller, &s.Wrong, &s.Refused, &last)
		s.Last = timeOf(last)
		return s, err
	})
}

// ClearAccounts implements throttle.Store.
func (s *Store) ClearAccounts(ctx context.Context, caller, trunkID string) (int, error) {
	n, err := s.exec(ctx, `DELETE FROM throttles WHERE caller = ?1 AND (?2 = '' OR trunk_id = ?2)`, caller, trunkID)
	return n, fault("clear throttles", err)
}

// DeleteAccounts implements throttle.Store.
func (s *Store) DeleteAccounts(ctx context.Context, rules throttle.Rules, now, before time.Time, limit int) (int, error) {
	onTrunk, everywhere, hidden := rules.CallerOnTrunk, rules.Caller, rules.Anonymous
	accounts, err := s.exec(ctx, `DELETE FROM throttles WHERE (trunk_id, caller) IN (
		SELECT trunk_id, caller FROM throttles WHERE ends_at <= ?1 AND NOT (
			CASE WHEN caller = '' THEN wrong >= ?7 AND last_at > ?8
			WHEN trunk_id = '' THEN wrong >= ?5 AND last_at > ?6
			ELSE wrong >= ?3 AND last_at > ?4 END)
		ORDER BY ends_at LIMIT ?2)`, micros(now), limit, onTrunk.Most(), micros(onTrunk.RefusedSince(now)),
		everywhere.Most(), micros(everywhere.RefusedSince(now)), hidden.Most(), micros(hidden.RefusedSince(now)))
	if err != nil {
		return 0, fault("delete throttles", err)
	}
	calls, err := s.exec(ctx, `DELETE FROM wrong_pins WHERE (trunk_id, call_id) IN
		(SELECT trunk_id, call_id FROM wrong_pins WHERE at < ? ORDER BY at LIMIT ?)`, micros(before), limit)
	return max(accounts, calls), fault("delete wrong PINs", err)
}
