-- +goose Up

-- Each person in a lobby writes its row once a second, so there is no index on
-- what changes. Who has expired is found by walking the primary key.
CREATE TABLE lobby_entries (
    room_id        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    participant_id TEXT NOT NULL,
    identity       TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('waiting', 'accepted', 'denied')),
    username       TEXT NOT NULL,
    color          TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (room_id, participant_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE lobby_entries;
