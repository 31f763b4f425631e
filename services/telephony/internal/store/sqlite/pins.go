package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// InsertPIN implements pins.Store.
func (s *Store) InsertPIN(ctx context.Context, d pins.Draw) (pins.Result, error) {
	var result pins.Result
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		result, err = insert(ctx, tx, d)
		return err
	})
	return result, fault("insert PIN", err)
}

// insert writes the first candidate that is free and counts it. Nothing else
// writes meanwhile, so that what is free, and what stood in the way, can be read
// before and after.
func insert(ctx context.Context, tx *sql.Tx, d pins.Draw) (pins.Result, error) {
	candidates := d.Candidates()
	taken, err := takenBefore(ctx, tx, d.TrunkID, candidates)
	if err != nil {
		return pins.Result{}, err
	}
	if taken == len(candidates) {
		return obstacle(ctx, tx, d, taken)
	}
	digits := candidates[taken]
	written, err := tx.ExecContext(ctx, `
		INSERT INTO pins (trunk_id, pin, room_id, state, created_at, country)
		SELECT id, ?, ?, 'current', ?, ? FROM trunks WHERE id = ? AND state = 'active'
		ON CONFLICT DO NOTHING`, digits, d.RoomID, micros(d.Now), d.Country, d.TrunkID)
	if err != nil {
		return pins.Result{}, err
	}
	if n, err := written.RowsAffected(); err != nil {
		return pins.Result{}, err
	} else if n == 0 {
		return obstacle(ctx, tx, d, taken+1)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO pin_counts (trunk_id, length, shard, held) VALUES (?, ?, 0, 1)
		ON CONFLICT (trunk_id, length, shard) DO UPDATE SET held = held + 1`, d.TrunkID, len(digits))
	return pins.Result{Outcome: pins.Inserted, Taken: taken, PIN: pins.PIN{
		TrunkID: d.TrunkID, Digits: digits, RoomID: d.RoomID, State: pins.Current,
	}}, err
}

// takenBefore returns how many candidates are taken before the first that is free.
func takenBefore(ctx context.Context, tx *sql.Tx, trunkID string, candidates []string) (int, error) {
	list, err := json.Marshal(candidates)
	if err != nil {
		return 0, err
	}
	var taken int
	err = tx.QueryRowContext(ctx, `SELECT coalesce(min(c.key), ?) FROM json_each(?) c
		WHERE NOT EXISTS (SELECT 1 FROM pins p WHERE p.trunk_id = ? AND p.pin = c.value)`,
		len(candidates), string(list), trunkID).Scan(&taken)
	return taken, err
}

// obstacle tells why no PIN was written: because that many are taken, if nothing
// else stands in the way.
func obstacle(ctx context.Context, tx *sql.Tx, d pins.Draw, taken int) (pins.Result, error) {
	existing, err := queryPINs(ctx, tx, `WHERE room_id = ? AND state = 'current'`, d.RoomID)
	if err != nil {
		return pins.Result{}, err
	}
	if len(existing) > 0 {
		return pins.Result{Outcome: pins.RoomHasPIN, PIN: existing[0]}, nil
	}
	var open bool
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM trunks WHERE id = ? AND state = 'active')`, d.TrunkID).Scan(&open)
	if err != nil || open {
		return pins.Result{Outcome: pins.Collided, Taken: taken}, err
	}
	return pins.Result{Outcome: pins.TrunkClosed}, nil
}

// errNotReplaced rolls a replacement back.
var errNotReplaced = errors.New("PIN not replaced")

// ReplacePIN implements pins.Store.
func (s *Store) ReplacePIN(ctx context.Context, d pins.Draw, old pins.Retire) (pins.Result, error) {
	var result pins.Result
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		retired, err := tx.ExecContext(ctx, `UPDATE pins SET state = ?4, until = ?2
			WHERE room_id = ?1 AND state = 'current' AND (?3 = '' OR (trunk_id = ?3 AND EXISTS (SELECT 1 FROM trunks WHERE id = ?3 AND state = 'draining')))`,
			d.RoomID, micros(old.Until), old.On, old.State())
		if err != nil {
			return err
		}
		if old.Revoke {
			if _, err := tx.ExecContext(ctx, `UPDATE pins SET state = 'quarantined', until = ?2
				WHERE room_id = ?1 AND state = 'retiring'`, d.RoomID, micros(old.Until)); err != nil {
				return err
			}
		}
		if n, err := retired.RowsAffected(); err != nil || n == 0 {
			result = pins.Result{Outcome: pins.NothingToReplace}
			return errors.Join(err, errNotReplaced)
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

// CurrentPINs implements pins.Store.
func (s *Store) CurrentPINs(ctx context.Context, roomIDs []string) ([]pins.PIN, error) {
	if len(roomIDs) == 0 {
		return nil, nil
	}
	args := make([]any, len(roomIDs))
	for i, id := range roomIDs {
		args[i] = id
	}
	list, err := queryPINs(ctx, s.Read(), `WHERE state = 'current' AND room_id IN (`+marks(len(args))+`)`, args...)
	return list, fault("list PINs", err)
}

const selectPINs = `SELECT trunk_id, pin, room_id, state, until, country FROM pins `

func queryPINs(ctx context.Context, q querier, rest string, args ...any) ([]pins.PIN, error) {
	rows, err := q.QueryContext(ctx, selectPINs+rest, args...)
	return collect(rows, err, func(rows *sql.Rows) (pins.PIN, error) {
		var (
			p     pins.PIN
			until sql.NullInt64
		)
		err := rows.Scan(&p.TrunkID, &p.Digits, &p.RoomID, &p.State, &until, &p.Country)
		p.Until = timeOrZero(until)
		return p, err
	})
}

// NoteCountry implements pins.Store.
func (s *Store) NoteCountry(ctx context.Context, roomID, country string) error {
	_, err := s.exec(ctx, `UPDATE pins SET country = ?2 WHERE room_id = ?1 AND state = 'current' AND country <> ?2`, roomID, country)
	return fault("note country", err)
}

// ReleasePINs implements pins.Store.
func (s *Store) ReleasePINs(ctx context.Context, roomID string, until time.Time) error {
	_, err := s.exec(ctx, `UPDATE pins SET state = 'quarantined', until = ?
		WHERE room_id = ? AND (state = 'current' OR state = 'retiring')`, micros(until), roomID)
	return fault("release PINs", err)
}

// Fills implements pins.Store.
func (s *Store) Fills(ctx context.Context) ([]pins.Fill, error) {
	rows, err := s.Read().QueryContext(ctx, `SELECT t.id, t.state, t.pin_length,
			(SELECT coalesce(sum(c.held), 0) FROM pin_counts c WHERE c.trunk_id = t.id AND c.length = t.pin_length),
			(SELECT count(*) FROM numbers n WHERE n.trunk_id = t.id),
			(SELECT coalesce(group_concat(country), '') FROM
				(SELECT DISTINCT country FROM numbers n WHERE n.trunk_id = t.id AND country <> '' ORDER BY country))
		FROM trunks t ORDER BY t.created_at, t.id`)
	fills, err := collect(rows, err, func(rows *sql.Rows) (pins.Fill, error) {
		var (
			f         pins.Fill
			countries string
		)
		err := rows.Scan(&f.TrunkID, &f.State, &f.Length, &f.Held, &f.Numbers, &countries)
		if countries != "" {
			f.Countries = strings.Split(countries, ",")
		}
		return f, err
	})
	return fills, fault("read fills", err)
}
