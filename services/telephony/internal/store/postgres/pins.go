package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// countShards is over how many rows the count of a trunk is spread.
const countShards = 16

// insertPIN writes a PIN, counts it and returns it; it returns no row where
// something stood in the way. The lock on the trunk is the one that the foreign
// key takes anyway; a change of the trunk's state waits for it, so that no PIN
// appears behind a drain.
const insertPIN = `
WITH written AS (
	INSERT INTO pins (trunk_id, pin, room_id, state, created_at, country)
	SELECT id, $2::text, $3::uuid, 'current', $4::timestamptz, $6::text FROM trunks WHERE id = $1 AND state = 'active' FOR KEY SHARE
	ON CONFLICT DO NOTHING
	RETURNING trunk_id, pin
)` + countPIN

// insertFree is insertPIN with the first of several PINs that is free. That it
// looks free chooses it and no more: the constraints decide.
const insertFree = `
WITH written AS (
	INSERT INTO pins (trunk_id, pin, room_id, state, created_at, country)
	SELECT t.id, free.pin, $3::uuid, 'current', $4::timestamptz, $6::text
	FROM (` + firstFree + `) AS free JOIN trunks t ON t.id = $1 AND t.state = 'active' FOR KEY SHARE OF t
	ON CONFLICT DO NOTHING
	RETURNING trunk_id, pin
)` + countPIN

const countPIN = `
INSERT INTO pin_counts (trunk_id, length, shard, held)
SELECT trunk_id, length(pin), $5::smallint, 1 FROM written
ON CONFLICT (trunk_id, length, shard) DO UPDATE SET held = pin_counts.held + 1
RETURNING (SELECT pin FROM written)`

// firstFree looks PINs up one by one, by the key, until one is free. As a join it
// could be planned to read all PINs of the trunk each time, when the plan is made
// while there are few.
const firstFree = `SELECT c.pin, c.place FROM unnest($2::text[]) WITH ORDINALITY AS c (pin, place)
	WHERE (SELECT 1 FROM pins p WHERE p.trunk_id = $1 AND p.pin = c.pin) IS NULL
	ORDER BY c.place LIMIT 1`

// InsertPIN implements pins.Store.
func (s *Store) InsertPIN(ctx context.Context, d pins.Draw) (pins.Result, error) {
	if len(d.Spare) > 0 { // on a crowded trunk, where many would stand in each other's way
		result, err := s.insert(ctx, s.Pool(), d)
		return result, fault("insert PIN", err)
	}
	got, err := s.together.Do(ctx, d)
	return got.Result, fault("insert PIN", cmp.Or(err, got.err))
}

func (s *Store) insert(ctx context.Context, q postgres.Querier, d pins.Draw) (pins.Result, error) {
	candidates := d.Candidates()
	statement, digits := insertFree, any(candidates)
	if len(candidates) == 1 { // the statement that is cheaper by far
		statement, digits = insertPIN, d.Digits
	}
	written := pins.PIN{TrunkID: d.TrunkID, RoomID: d.RoomID, State: pins.Current}
	err := q.QueryRow(ctx, statement, d.TrunkID, digits, d.RoomID, d.Now, s.shard(), d.Country).Scan(&written.Digits)
	switch _, gone := postgres.IsForeignKey(err); {
	case gone: // deleted while the statement ran
		return pins.Result{Outcome: pins.TrunkClosed}, nil
	case errors.Is(err, pgx.ErrNoRows):
		return obstacle(ctx, q, d, candidates)
	case err != nil:
		return pins.Result{}, err
	default:
		return pins.Result{Outcome: pins.Inserted, Taken: slices.Index(candidates, written.Digits), PIN: written}, nil
	}
}

// obstacle tells why no PIN was written.
func obstacle(ctx context.Context, q postgres.Querier, d pins.Draw, candidates []string) (pins.Result, error) {
	var (
		open     bool
		free     int // the first that is, from 1; 0 for none
		existing = pins.PIN{RoomID: d.RoomID, State: pins.Current}
	)
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM trunks WHERE id = $1 AND state = 'active'),
			coalesce((SELECT place FROM (`+firstFree+`) AS free), 0), coalesce(p.trunk_id, ''), coalesce(p.pin, '')
		FROM (SELECT 1) AS one LEFT JOIN pins p ON p.room_id = $3::uuid AND p.state = 'current'`,
		d.TrunkID, candidates, d.RoomID).Scan(&open, &free, &existing.TrunkID, &existing.Digits)
	switch {
	case err != nil:
		return pins.Result{}, err
	case existing.Digits != "":
		return pins.Result{Outcome: pins.RoomHasPIN, PIN: existing}, nil
	case !open:
		return pins.Result{Outcome: pins.TrunkClosed}, nil
	case free == 0:
		return pins.Result{Outcome: pins.Collided, Taken: len(candidates)}, nil
	default: // the first may have been given back since
		return pins.Result{Outcome: pins.Collided, Taken: max(free-1, 1)}, nil
	}
}

// shard returns the row of a trunk's count for the next write: in turn, so that
// those that run at once in a process do not wait for each other's commit.
func (s *Store) shard() int { return int(s.turn.Add(1) % countShards) }

// errNotReplaced rolls a replacement back.
var errNotReplaced = errors.New("PIN not replaced")

// ReplacePIN implements pins.Store.
func (s *Store) ReplacePIN(ctx context.Context, d pins.Draw, old pins.Retire) (pins.Result, error) {
	var result pins.Result
	err := s.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE pins SET state = $4, until = $2
			WHERE room_id = $1 AND state = 'current' AND ($3 = '' OR (trunk_id = $3 AND EXISTS (SELECT 1 FROM trunks WHERE id = $3 AND state = 'draining')))`, d.RoomID, old.Until, old.On, old.State())
		if err != nil {
			return err
		}
		if old.Revoke {
			if _, err := tx.Exec(ctx, `UPDATE pins SET state = 'quarantined', until = $2
				WHERE room_id = $1 AND state = 'retiring'`, d.RoomID, old.Until); err != nil {
				return err
			}
		}
		if tag.RowsAffected() == 0 {
			result = pins.Result{Outcome: pins.NothingToReplace}
			return errNotReplaced
		}
		if result, err = s.insert(ctx, tx, d); err != nil {
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

// CurrentPINs implements pins.Store.
func (s *Store) CurrentPINs(ctx context.Context, roomIDs []string) ([]pins.PIN, error) {
	return s.queryPINs(ctx, `WHERE room_id = ANY($1::uuid[]) AND state = 'current'`, roomIDs)
}

func (s *Store) queryPINs(ctx context.Context, rest string, args ...any) ([]pins.PIN, error) {
	rows, err := s.Pool().Query(ctx, `SELECT trunk_id, pin, room_id::text, state, until, country FROM pins `+rest, args...)
	if err != nil {
		return nil, fault("list PINs", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pins.PIN, error) {
		var (
			p     pins.PIN
			until *time.Time
		)
		err := row.Scan(&p.TrunkID, &p.Digits, &p.RoomID, &p.State, &until, &p.Country)
		p.Until = timeOf(until)
		return p, err
	})
	return list, fault("list PINs", err)
}

// NoteCountry implements pins.Store.
func (s *Store) NoteCountry(ctx context.Context, roomID, country string) error {
	_, err := s.Pool().Exec(ctx, `UPDATE pins SET country = $2 WHERE room_id = $1 AND state = 'current' AND country <> $2`, roomID, country)
	return fault("note country", err)
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
