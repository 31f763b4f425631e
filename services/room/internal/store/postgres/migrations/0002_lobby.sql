-- +goose Up

-- Each person in a lobby writes its row once a second. There is no index on
-- what changes, and room in each page, so that a write stays within its page
-- and needs no vacuum. Who has expired is found by walking the primary key.
CREATE TABLE lobby_entries (
    room_id        uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    participant_id text COLLATE "C" NOT NULL,
    identity       text NOT NULL,
    status         text NOT NULL CHECK (status IN ('waiting', 'accepted', 'denied')),
    username       text NOT NULL,
    color          text NOT NULL,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (room_id, participant_id)
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE lobby_entries;
