package lab

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parleymeet/parley/pkg/sqlite"
)

// RoomTables are the tables of the room service of a standalone suite, in either
// kind of database.
type RoomTables struct {
	pool *pgxpool.Pool
	file *sqlite.DB
}

// RoomTables opens the room service's tables in a PostgreSQL database or, if its
// URL is empty, in the data directory. They are closed with the lab.
func (l *Lab) RoomTables(ctx context.Context, dir, database string) (*RoomTables, error) {
	if database != "" {
		pool, err := l.Pool(ctx, database)
		return &RoomTables{pool: pool}, err
	}
	file, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "room.db")})
	if err != nil {
		return nil, err
	}
	l.onClose(func() { _ = file.Close() })
	return &RoomTables{file: file}, nil
}

// Places returns how many guests of a room have the place that they took before
// an instant.
func (r *RoomTables) Places(ctx context.Context, room string, before time.Time) (count int, err error) {
	if r.pool != nil {
		err = r.pool.QueryRow(ctx, `SELECT count(*) FROM parley_room.lobby_entries WHERE room_id = $1 AND created_at < $2`,
			room, before).Scan(&count)
	} else {
		err = r.file.Read().QueryRowContext(ctx, `SELECT count(*) FROM lobby_entries WHERE room_id = ? AND created_at < ?`,
			room, before.UnixMicro()).Scan(&count)
	}
	if err != nil {
		return 0, fmt.Errorf("count places: %w", err)
	}
	return count, nil
}

// Fill puts rooms and an owner for each into the tables until there are count
// rooms, and leaves the database as one that has been used for long.
func (r *RoomTables) Fill(ctx context.Context, count int) error {
	if r.pool != nil {
		_, err := r.pool.Exec(ctx, `WITH filler AS (
				INSERT INTO parley_room.rooms (id, name, slug, access_level, configuration, created_at, updated_at)
				SELECT gen_random_uuid(), 'filler ' || n, 'filler-' || n, 'public', '{}', now(), now()
				FROM generate_series(1, $1 - (SELECT count(*) FROM parley_room.rooms)) AS n RETURNING id)
			INSERT INTO parley_room.accesses (id, room_id, user_id, role, created_at)
			SELECT gen_random_uuid(), id, gen_random_uuid(), 'owner', now() FROM filler`, count)
		if err != nil {
			return fmt.Errorf("fill rooms: %w", err)
		}
		return Rest(ctx, r.pool)
	}
	return r.file.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			`WITH RECURSIVE filler(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM filler
				WHERE n < ? - (SELECT count(*) FROM rooms))
			INSERT INTO rooms (id, name, slug, access_level, configuration, created_at, updated_at)
			SELECT lower(printf('%s-%s-4%s-8%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2),
				substr(hex(randomblob(2)), 2), hex(randomblob(6)))), 'filler ' || n, 'filler-' || n, 'public', '{}', 0, 0 FROM filler`,
			`INSERT INTO accesses (id, room_id, user_id, role, created_at)
			SELECT 'owner-' || id, id, 'user-' || id, 'owner', 0 FROM rooms LIMIT ?`,
		} {
			if _, err := tx.ExecContext(ctx, statement, count); err != nil {
				return fmt.Errorf("fill rooms: %w", err)
			}
		}
		return nil
	})
}
