package lab

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pool opens a pool on a database; it ends with the lab.
func (l *Lab) Pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, err
	}
	l.onClose(pool.Close)
	return pool, nil
}

// Seed gives a trunk random current PINs, of rooms that do not exist, until it
// holds count, and sets its counters to what it holds. Nothing may be allocated
// on the trunk meanwhile.
func Seed(ctx context.Context, db *pgxpool.Pool, trunkID string, length, count int) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for {
			var held int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM parley_telephony.pins WHERE trunk_id = $1`, trunkID).Scan(&held); err != nil {
				return fmt.Errorf("count PINs: %w", err)
			}
			if held >= count {
				break
			}
			// Some draws meet a PIN that is taken; the next turn makes up for them.
			_, err := tx.Exec(ctx, `INSERT INTO parley_telephony.pins (trunk_id, pin, room_id, state, created_at)
				SELECT $1, lpad(floor(random() * 10 ^ $2::int)::bigint::text, $2::int, '0'), gen_random_uuid(), 'current', now()
				FROM generate_series(1, $3::int) ON CONFLICT DO NOTHING`, trunkID, length, count-held)
			if err != nil {
				return fmt.Errorf("seed PINs: %w", err)
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM parley_telephony.pin_counts WHERE trunk_id = $1`, trunkID)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO parley_telephony.pin_counts (trunk_id, length, shard, held)
			SELECT trunk_id, length(pin), 0, count(*) FROM parley_telephony.pins WHERE trunk_id = $1 GROUP BY trunk_id, length(pin)`, trunkID)
		return err
	})
}

// sessionUsers is how many people share the sessions.
const sessionUsers = 10_000

// SessionToken is the token of the session with a number, from 0, of SeedSessions.
func SessionToken(number int) string { return fmt.Sprintf("bench-%d", number) }

// SeedSessions puts so many sessions, and users for them, into auth's database.
func SeedSessions(ctx context.Context, db *pgxpool.Pool, count int) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO parley_auth.users (id, sub, email, email_key, full_name, short_name, operator_claim,
				timezone, language, room_configuration, created_at)
			SELECT md5(n::text)::uuid, 'person-' || n, 'person-' || n || '@example.org', 'person-' || n || '@example.org', 'A Person', 'A',
				false, 'UTC', 'en-us', '{}', now()
			FROM generate_series(0, $1::int - 1) AS n`, min(count, sessionUsers))
		if err != nil {
			return fmt.Errorf("seed users: %w", err)
		}
		_, err = tx.Exec(ctx, `INSERT INTO parley_auth.sessions (hash, user_id, logout_state, created_at, expires_at)
			SELECT sha256(('bench-' || n)::bytea), md5((n % $2::int)::text)::uuid, '', now(), now() + interval '12 hours'
			FROM generate_series(0, $1::int - 1) AS n`, count, min(count, sessionUsers))
		if err != nil {
			return fmt.Errorf("seed sessions: %w", err)
		}
		return nil
	})
}

// Rest brings a seeded database to the state of one that has been used for
// long: statistics taken, pages written. Otherwise the server would do both in
// the middle of a figure.
func Rest(ctx context.Context, db *pgxpool.Pool) error {
	for _, statement := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
