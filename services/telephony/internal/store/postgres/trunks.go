package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/telephony/internal/page"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const trunkColumns = `t.id, t.name, t.state, t.pin_length, t.allowed_addresses, t.auth_username,
	t.auth_password, t.arming, t.created_at, t.updated_at,
	(SELECT coalesce(sum(c.held), 0)::bigint FROM pin_counts c WHERE c.trunk_id = t.id AND c.length = t.pin_length),
	t.guarded_until, t.guard, t.max_calls, t.max_pending, t.livekit_trunk`

// CreateTrunk implements trunks.Store.
func (s *Store) CreateTrunk(ctx context.Context, t *trunks.Trunk) error {
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO trunks (id, name, state, pin_length, allowed_addresses, auth_username,
				auth_password, arming, created_at, updated_at, guard, max_calls, max_pending, livekit_trunk)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			t.ID, t.Name, t.State, t.PINLength, trunks.EncodeAllowed(t.Allowed), t.AuthUsername,
			blob(t.SealedPassword), t.Arming, t.Created, t.Updated, t.Guard, t.MaxCalls, t.MaxPending, t.LiveKitTrunk)
		if err != nil {
			return err
		}
		for i, n := range t.Numbers {
			if err := insertNumber(ctx, tx, t.ID, i, n); err != nil {
				return err
			}
		}
		return nil
	})
	return trunkFault("create trunk", err)
}

func insertNumber(ctx context.Context, q postgres.Querier, trunkID string, position int, n trunks.Number) error {
	_, err := q.Exec(ctx, `INSERT INTO numbers (trunk_id, number, position, country, label, kind)
		VALUES ($1, $2, $3, $4, $5, $6)`, trunkID, n.E164, position, n.Country, n.Label, n.Kind)
	if constraint, ok := postgres.IsUnique(err); ok && (constraint == "numbers_number" || constraint == "numbers_pkey") {
		return &trunks.NumberTakenError{E164: n.E164}
	}
	return err
}

// Trunk implements trunks.Store.
func (s *Store) Trunk(ctx context.Context, id string) (*trunks.Trunk, error) {
	t, err := readTrunk(ctx, s.Pool(), id, "")
	return t, trunkFault("read trunk", err)
}

func readTrunk(ctx context.Context, q postgres.Querier, id, lock string) (*trunks.Trunk, error) {
	list, err := queryTrunks(ctx, q, `WHERE t.id = $1 `+lock, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, apierr.New(apierr.TrunkNotFound, "")
	}
	return list[0], nil
}

// Trunks implements trunks.Store.
func (s *Store) Trunks(ctx context.Context, w page.Window) ([]*trunks.Trunk, int, error) {
	var total int
	if err := s.Pool().QueryRow(ctx, `SELECT count(*) FROM trunks`).Scan(&total); err != nil {
		return nil, 0, fault("count trunks", err)
	}
	list, err := queryTrunks(ctx, s.Pool(), `ORDER BY t.created_at, t.id LIMIT $1 OFFSET $2`, w.Limit, w.Offset)
	return list, total, fault("list trunks", err)
}

// AllTrunks implements trunks.Store.
func (s *Store) AllTrunks(ctx context.Context) ([]*trunks.Trunk, error) {
	list, err := queryTrunks(ctx, s.Pool(), `ORDER BY t.created_at, t.id`)
	return list, fault("list all trunks", err)
}

// queryTrunks reads trunks and then their numbers.
func queryTrunks(ctx context.Context, q postgres.Querier, rest string, args ...any) ([]*trunks.Trunk, error) {
	rows, err := q.Query(ctx, `SELECT `+trunkColumns+` FROM trunks t `+rest, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanTrunk)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	byID := make(map[string]*trunks.Trunk, len(list))
	ids := make([]string, 0, len(list))
	for _, t := range list {
		byID[t.ID] = t
		ids = append(ids, t.ID)
	}
	rows, err = q.Query(ctx, `SELECT trunk_id, number, country, label, kind FROM numbers
		WHERE trunk_id = ANY($1) ORDER BY trunk_id, position, number`, ids)
	if err != nil {
		return nil, err
	}
	var (
		id string
		n  trunks.Number
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &n.E164, &n.Country, &n.Label, &n.Kind}, func() error {
		byID[id].Numbers = append(byID[id].Numbers, n)
		return nil
	})
	return list, err
}

func scanTrunk(row pgx.CollectableRow) (*trunks.Trunk, error) {
	var (
		t       trunks.Trunk
		allowed string
		guarded *time.Time
	)
	err := row.Scan(&t.ID, &t.Name, &t.State, &t.PINLength, &allowed, &t.AuthUsername,
		&t.SealedPassword, &t.Arming, &t.Created, &t.Updated, &t.Held, &guarded, &t.Guard, &t.MaxCalls, &t.MaxPending, &t.LiveKitTrunk)
	if err != nil {
		return nil, err
	}
	t.GuardedUntil = timeOf(guarded)
	t.Allowed, err = trunks.DecodeAllowed(allowed)
	return &t, err
}

// armedPINs counts by the index of armed PINs alone, and those of live rooms
// from the rooms on, which are few.
const armedPINs = `
SELECT length(p.pin), count(*) FROM pins p
WHERE p.trunk_id = $1 AND p.state <> 'quarantined' AND EXISTS (SELECT 1 FROM trunks WHERE id = $1 AND arming <> 'live')
GROUP BY length(p.pin)
UNION ALL
SELECT length(p.pin), count(*) FROM room_states r JOIN pins p ON p.room_id = r.room_id AND (p.state = 'current' OR p.state = 'retiring')
WHERE r.live AND p.trunk_id = $1 AND EXISTS (SELECT 1 FROM trunks WHERE id = $1 AND arming = 'live')
GROUP BY length(p.pin)`

// ArmedPINs implements trunks.Store.
func (s *Store) ArmedPINs(ctx context.Context, trunkID string) (trunks.Lengths, error) {
	rows, err := s.Pool().Query(ctx, armedPINs, trunkID)
	if err != nil {
		return nil, fault("count armed PINs", err)
	}
	var (
		length int
		n      int64
		armed  = trunks.Lengths{}
	)
	_, err = pgx.ForEachRow(rows, []any{&length, &n}, func() error {
		armed[length] = n
		return nil
	})
	return armed, fault("count armed PINs", err)
}

// UpdateTrunk implements trunks.Store.
func (s *Store) UpdateTrunk(ctx context.Context, id string, change func(*trunks.Trunk) error) (*trunks.Trunk, error) {
	var t *trunks.Trunk
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		// The strongest lock: PINs being written hold the trunk's key, and a change
		// of its state waits for them.
		if t, err = readTrunk(ctx, tx, id, `FOR UPDATE OF t`); err != nil {
			return err
		}
		if err := change(t); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE trunks SET name = $2, state = $3, pin_length = $4, allowed_addresses = $5,
				auth_username = $6, auth_password = $7, arming = $8, updated_at = $9,
				guard = $10, max_calls = $11, max_pending = $12, livekit_trunk = $13 WHERE id = $1`,
			id, t.Name, t.State, t.PINLength, trunks.EncodeAllowed(t.Allowed), t.AuthUsername, blob(t.SealedPassword), t.Arming, t.Updated,
			t.Guard, t.MaxCalls, t.MaxPending, t.LiveKitTrunk)
		if err != nil {
			return err
		}
		t, err = readTrunk(ctx, tx, id, "") // the count depends on the length
		return err
	})
	if err != nil {
		return nil, trunkFault("update trunk", err)
	}
	return t, nil
}

// DeleteTrunk implements trunks.Store. The row lock makes allocations in flight
// wait for the foreign key, and then find the trunk gone.
func (s *Store) DeleteTrunk(ctx context.Context, id string) error {
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := readTrunk(ctx, tx, id, `FOR UPDATE OF t`); err != nil {
			return err
		}
		var inUse bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pins WHERE trunk_id = $1 AND state <> 'quarantined')`, id).Scan(&inUse)
		if err != nil {
			return err
		}
		if inUse {
			return apierr.New(apierr.TrunkNotEmpty, "")
		}
		_, err = tx.Exec(ctx, `DELETE FROM trunks WHERE id = $1`, id)
		return err
	})
	return trunkFault("delete trunk", err)
}

// AddNumber implements trunks.Store.
func (s *Store) AddNumber(ctx context.Context, trunkID string, n trunks.Number) error {
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := readTrunk(ctx, tx, trunkID, `FOR NO KEY UPDATE OF t`); err != nil {
			return err
		}
		var next int
		err := tx.QueryRow(ctx, `SELECT coalesce(max(position) + 1, 0) FROM numbers WHERE trunk_id = $1`, trunkID).Scan(&next)
		if err != nil {
			return err
		}
		return insertNumber(ctx, tx, trunkID, next, n)
	})
	return trunkFault("add number", err)
}

// RemoveNumber implements trunks.Store.
func (s *Store) RemoveNumber(ctx context.Context, trunkID, e164 string) error {
	tag, err := s.Pool().Exec(ctx, `DELETE FROM numbers WHERE trunk_id = $1 AND number = $2`, trunkID, e164)
	if err != nil {
		return fault("remove number", err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	if _, err := s.Trunk(ctx, trunkID); err != nil {
		return err
	}
	return apierr.New(apierr.NumberNotFound, "")
}

// trunkFault passes the domain's own errors on.
func trunkFault(doing string, err error) error {
	var (
		own   *apierr.Error
		taken *trunks.NumberTakenError
	)
	if errors.As(err, &own) || errors.As(err, &taken) {
		return err
	}
	if constraint, ok := postgres.IsUnique(err); ok && constraint == "trunks_livekit" {
		return trunks.ErrLiveKitTrunkTaken
	}
	return fault(doing, err)
}
