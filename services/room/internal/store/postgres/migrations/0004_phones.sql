-- +goose Up

ALTER TABLE rooms ADD COLUMN phone_access text NOT NULL DEFAULT '' CHECK (phone_access IN ('', 'admit', 'lobby', 'deny'));

-- Callers who wait, or of whom it is decided and LiveKit does not know yet.
CREATE TABLE lobby_phones (
    room_id        uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    identity       text COLLATE "C" NOT NULL,
    participant_id text NOT NULL,
    status         text NOT NULL CHECK (status IN ('waiting', 'accepted', 'denied')),
    username       text NOT NULL,
    color          text NOT NULL,
    created_at     timestamptz NOT NULL,
    called_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    seen           boolean NOT NULL,
    PRIMARY KEY (room_id, identity)
);

-- +goose Down
DROP TABLE lobby_phones;
ALTER TABLE rooms DROP COLUMN phone_access;
