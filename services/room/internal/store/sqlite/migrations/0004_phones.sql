-- +goose Up

ALTER TABLE rooms ADD COLUMN phone_access TEXT NOT NULL DEFAULT '' CHECK (phone_access IN ('', 'admit', 'lobby', 'deny'));

-- Callers who wait, or of whom it is decided and LiveKit does not know yet.
CREATE TABLE lobby_phones (
    room_id        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    identity       TEXT NOT NULL,
    participant_id TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('waiting', 'accepted', 'denied')),
    username       TEXT NOT NULL,
    color          TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    called_at      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    seen           INTEGER NOT NULL,
    PRIMARY KEY (room_id, identity)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE lobby_phones;
ALTER TABLE rooms DROP COLUMN phone_access;
