-- +goose Up

-- Instants are microseconds since 1970, UTC. Names and slugs are ordered by
-- their bytes, which is SQLite's default.
CREATE TABLE rooms (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    slug          TEXT NOT NULL UNIQUE,
    access_level  TEXT NOT NULL CHECK (access_level IN ('public', 'trusted', 'restricted')),
    configuration TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_name_idx ON rooms (name, id);

CREATE TABLE accesses (
    id         TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('member', 'administrator', 'owner')),
    created_at INTEGER NOT NULL,
    UNIQUE (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX accesses_user_idx ON accesses (user_id);

-- A task outlives its room, so room_id is no foreign key.
CREATE TABLE outbox (
    room_id    TEXT PRIMARY KEY,
    action     TEXT NOT NULL CHECK (action IN ('allocate', 'release')),
    version    INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (unixepoch() * 1000000)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due_idx ON outbox (action, due_at);

-- +goose Down
DROP TABLE outbox;
DROP TABLE accesses;
DROP TABLE rooms;
