package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// countShards is over how many rows the count of a trunk is spread.
const countShards = 16

// insertPIN writes a PIN, counts it, and tells what stands in the way if it
// does not: one statement, so one round trip. A conflict may be with the digits
// or with the room's current PIN; the latter is returned. The lock on the trunk
// is the one that the foreign key takes anyway; a change of the trunk's state
// waits for it, so that no PIN appears behind a drain.
const insertPIN = `
WITH open AS (
	SELECT id FROM trunks WHERE id = $1 AND state = 'active' FOR KEY SHARE
), written AS (
	INSERT INTO pins (trunk_id, pin, room_id, state, created_at)
	SELECT id, $2::text, $3::uuid, 'current', $4::timestamptz FROM open
	ON CONFLICT DO NOTHING
	RETURNING trunk_id
), counted AS (
	INSERT INTO pin_counts (trunk_id, length, shard, held)
	SELECT trunk_id, length($2::text), $5::smallint, 1 FROM written
	ON CONFLICT (trunk_id, length, shard) DO UPDATE SET held = pin_counts.held + 1
)
SELECT EXISTS (SELECT 1 FROM open), EXISTS (SELECT 1 FROM written), coalesce(p.trunk_id, ''), coalesce(p.pin, '')
FROM (SELECT 1) AS one LEFT JOIN pins p ON p.room_id = $3::uuid AND p.state = 'current'`

// InsertPIN implements pins.Store.
func (s *Store) InsertPIN(ctx context.Context, d pins.Draw) (pins.Result, error) {
	result, err := insert(ctx, s.Pool(), d)
	return result, fault("insert PIN", err)
}

func insert(ctx context.Context, q postgres.Querier, d pins.Draw) (pins.Result, error) {
	var (
		open, written bool
		existing      = pins.PIN{RoomID: d.RoomID, State: pins.Current}
	)
	shard := rand.IntN(countShards) // #nosec G404 -- spreads load
	err := q.QueryRow(ctx, insertPIN, d.TrunkID, d.Digits, d.RoomID, d.Now, shard).
		Scan(&open, &written, &existing.TrunkID, &existing.Digits)
	switch _, gone := postgres.IsForeignKey(err); {
	case gone: // deleted while the statement ran
		return pins.Result{Outcome: pins.TrunkClosed}, nil
	case err != nil:
		return pins.Result{}, err
	case written:
		return pins.Result{Outcome: pins.Inserted, PIN: pins.PIN{
			TrunkID: d.TrunkID, Digits: d.Digits, RoomID: d.RoomID, State: pins.Current,
		}}, nil
	case existing.Digits != "":
		return pins.Result{Outcome: pins.RoomHasPIN, PIN: existing}, nil
	case !open:
		return pins.Result{Outcome: pins.TrunkClosed}, nil
	default:
		return pins.Result{Outcome: pins.Collided}, nil
	}
}

// errNotReplaced rolls a replacement back.
var errNotReplaced = errors.New("PIN not replaced")

// ReplacePIN implements pins.Store.
func (s *Store) ReplacePIN(ctx context.Context, d pins.Draw, old pins.Retire) (pins.Result, error) {
	var result pins.Result
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE pins SET state = 'retiring', until = $2
			WHERE room_id = $1 AND state = 'current' AND ($3 = '' OR trunk_id = $3)`, d.RoomID, old.Until, old.On)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			result = pins.Result{Outcome: pins.NothingToReplace}
			return errNotReplaced
		}
		if result, err = insert(ctx, tx, d); err != nil {
			return err
		}
		if result.Outcome != pins.Inserted {
			return errNotReplaced
		}
		return nil
	})
	if errors.Is(err, errNotReplaced) {
		err = nil
	}
	return result, fault("replace PIN", err)
}

// DigitsFrom implements pins.Store.
func (s *Store) DigitsFrom(ctx context.Context, trunkID, from string, limit int) ([]string, error) {
	rows, err := s.Pool().Query(ctx, `SELECT pin FROM pins
		WHERE trunk_id = $1 AND pin >= $2 AND length(pin) = length($2) ORDER BY pin LIMIT $3`, trunkID, from, limit)
	if err != nil {
		return nil, fault("list digits", err)
	}
	digits, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return digits, fault("list digits", err)
}

// CurrentPINs implements pins.Store.
func (s *Store) CurrentPINs(ctx context.Context, roomIDs []string) ([]pins.PIN, error) {
	return s.queryPINs(ctx, `WHERE room_id = ANY($1::uuid[]) AND state = 'current'`, roomIDs)
}

func (s *Store) queryPINs(ctx context.Context, rest string, args ...any) ([]pins.PIN, error) {
	rows, err := s.Pool().Query(ctx, `SELECT trunk_id, pin, room_id::text, state, until FROM pins `+rest, args...)
	if err != nil {
		return nil, fault("list PINs", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pins.PIN, error) {
		var (
			p     pins.PIN
			until *time.Time
		)
		err := row.Scan(&p.TrunkID, &p.Digits, &p.RoomID, &p.State, &until)
		p.Until = timeOf(until)
		return p, err
	})
	return list, fault("list PINs", err)
}

// ReleasePINs implements pins.Store.
func (s *Store) ReleasePINs(ctx context.Context, roomID string, until time.Time) error {
	_, err := s.Pool().Exec(ctx, `UPDATE pins SET state = 'quarantined', until = $2
		WHERE room_id = $1 AND (state = 'current' OR state = 'retiring')`, roomID, until)
	return fault("release PINs", err)
}

// Fills implements pins.Store.
func (s *Store) Fills(ctx context.Context) ([]pins.Fill, error) {
	rows, err := s.Pool().Query(ctx, `SELECT t.id, t.state, t.pin_length,
			(SELECT coalesce(sum(c.held), 0)::bigint FROM pin_counts c WHERE c.trunk_id = t.id AND c.length = t.pin_length),
			(SELECT count(*) FROM numbers n WHERE n.trunk_id = t.id),
			(SELECT coalesce(string_agg(DISTINCT n.country, ',' ORDER BY n.country), '') FROM numbers n WHERE n.trunk_id = t.id AND n.country <> '')
		FROM trunks t ORDER BY t.created_at, t.id`)
	if err != nil {
		return nil, fault("read fills", err)
	}
	fills, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pins.Fill, error) {
		var (
			f         pins.Fill
			countries string
		)
		err := row.Scan(&f.TrunkID, &f.State, &f.Length, &f.Held, &f.Numbers, &countries)
		if countries != "" {
			f.Countries = strings.Split(countries, ",")
		}
		return f, err
	})
	return fills, fault("read fills", err)
}
