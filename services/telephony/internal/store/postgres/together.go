package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/batch"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

// How PINs that are wanted at the same time are written together. Who wants one
// alone waits for nobody.
const (
	togetherMax     = 64
	togetherLinger  = time.Millisecond
	togetherTimeout = 5 * time.Second
)

// insertPINs is insertPIN for several at once: one lock of the trunk, one count
// and one commit for all. It writes in the order of digits, so that two such
// statements do not wait for each other in a circle.
const insertPINs = `
WITH written AS (
	INSERT INTO pins (trunk_id, pin, room_id, state, created_at, country)
	SELECT t.id, d.pin, d.room_id, 'current', d.created_at, d.country
	FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $6::text[]) AS d (trunk_id, pin, room_id, created_at, country)
	JOIN trunks t ON t.id = d.trunk_id AND t.state = 'active'
	ORDER BY t.id, d.pin FOR KEY SHARE OF t
	ON CONFLICT DO NOTHING
	RETURNING trunk_id, pin, room_id
), counted AS (
	INSERT INTO pin_counts (trunk_id, length, shard, held)
	SELECT trunk_id, length(pin), $5::smallint, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (trunk_id, length, shard) DO UPDATE SET held = pin_counts.held + excluded.held
)
SELECT trunk_id, pin, room_id::text FROM written`

// inserted is what became of a draw.
type inserted struct {
	pins.Result
	err error
}

func newTogether(s *Store) *batch.Batcher[pins.Draw, inserted] {
	config := batch.Config{Max: togetherMax, Linger: togetherLinger, Timeout: togetherTimeout}
	return batch.New(config, func(ctx context.Context, draws []pins.Draw) ([]inserted, error) {
		return s.insertTogether(ctx, draws), nil
	})
}

// insertTogether writes the draws, none of which has spare digits. Whatever was
// not written together is tried alone, which tells why.
func (s *Store) insertTogether(ctx context.Context, draws []pins.Draw) []inserted {
	results := make([]inserted, len(draws))
	written := map[pins.PIN]bool{}
	if len(draws) > 1 {
		written, _ = s.insertAll(ctx, draws) // an error is told to those whom it concerns
	}
	for i, d := range draws {
		pin := pins.PIN{TrunkID: d.TrunkID, Digits: d.Digits, RoomID: d.RoomID, State: pins.Current}
		if written[pin] {
			results[i].Result = pins.Result{Outcome: pins.Inserted, PIN: pin}
			continue
		}
		results[i].Result, results[i].err = s.insert(ctx, s.Pool(), d)
	}
	return results
}

// insertAll returns the PINs that were written, all of them current; none when
// there is an error.
func (s *Store) insertAll(ctx context.Context, draws []pins.Draw) (map[pins.PIN]bool, error) {
	var (
		trunks, digits, rooms = make([]string, len(draws)), make([]string, len(draws)), make([]string, len(draws))
		times, countries      = make([]time.Time, len(draws)), make([]string, len(draws))
	)
	for i, d := range draws {
		trunks[i], digits[i], rooms[i], times[i], countries[i] = d.TrunkID, d.Digits, d.RoomID, d.Now, d.Country
	}
	rows, err := s.Pool().Query(ctx, insertPINs, trunks, digits, rooms, times, s.shard(), countries)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pins.PIN, error) {
		p := pins.PIN{State: pins.Current}
		return p, row.Scan(&p.TrunkID, &p.Digits, &p.RoomID)
	})
	if err != nil {
		return nil, err
	}
	written := make(map[pins.PIN]bool, len(list))
	for _, p := range list {
		written[p] = true
	}
	return written, nil
}
