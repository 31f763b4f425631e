-- +goose Up

-- Names and slugs are ordered by their bytes, so that a page token means the
-- same on every server, whatever its locale.
CREATE TABLE rooms (
    id            uuid PRIMARY KEY,
    name          text COLLATE "C" NOT NULL,
    slug          text COLLATE "C" NOT NULL CONSTRAINT rooms_slug_key UNIQUE,
    access_level  text NOT NULL CHECK (access_level IN ('public', 'trusted', 'restricted')),
    configuration jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE INDEX rooms_name_idx ON rooms (name, id);

CREATE TABLE accesses (
    id         uuid PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL,
    role       text NOT NULL CHECK (role IN ('member', 'administrator', 'owner')),
    created_at timestamptz NOT NULL,
    CONSTRAINT accesses_room_user_key UNIQUE (room_id, user_id)
);
CREATE INDEX accesses_user_idx ON accesses (user_id);

-- A task outlives its room, so room_id is no foreign key.
CREATE TABLE outbox (
    room_id    uuid PRIMARY KEY,
    action     text NOT NULL CHECK (action IN ('allocate', 'release')),
    version    bigint NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due_idx ON outbox (action, due_at);

-- +goose Down
DROP TABLE outbox;
DROP TABLE accesses;
DROP TABLE rooms;
