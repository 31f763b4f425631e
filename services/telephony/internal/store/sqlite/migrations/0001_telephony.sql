-- +goose Up
-- Times are microseconds since 1970, UTC.
CREATE TABLE trunks (
    id                TEXT    PRIMARY KEY,
    name              TEXT    NOT NULL,
    state             TEXT    NOT NULL CHECK (state IN ('active', 'draining', 'disabled')),
    pin_length        INTEGER NOT NULL CHECK (pin_length BETWEEN 4 AND 16),
    allowed_addresses TEXT    NOT NULL, -- CIDR prefixes joined by commas; empty for any source
    auth_username     TEXT    NOT NULL,
    auth_password     BLOB    NOT NULL, -- sealed; empty for none
    arming            TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;

CREATE TABLE numbers (
    trunk_id TEXT    NOT NULL REFERENCES trunks ON DELETE CASCADE,
    number   TEXT    NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    country  TEXT    NOT NULL,
    label    TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    PRIMARY KEY (trunk_id, number)
) STRICT;

CREATE TABLE pins (
    trunk_id   TEXT    NOT NULL REFERENCES trunks ON DELETE CASCADE,
    pin        TEXT    NOT NULL,
    room_id    TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('current', 'retiring', 'quarantined')),
    until      INTEGER CHECK ((until IS NULL) = (state = 'current')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (trunk_id, pin)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pins_current_of_room ON pins (room_id) WHERE state = 'current';
CREATE INDEX pins_retiring_of_room ON pins (room_id) WHERE state = 'retiring';
CREATE INDEX pins_until ON pins (until) WHERE until IS NOT NULL;

-- How many PINs a trunk holds. Only the sum over the shards means anything;
-- with one writer, one shard is enough.
CREATE TABLE pin_counts (
    trunk_id TEXT    NOT NULL REFERENCES trunks ON DELETE CASCADE,
    length   INTEGER NOT NULL,
    shard    INTEGER NOT NULL,
    held     INTEGER NOT NULL,
    PRIMARY KEY (trunk_id, length, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    id          TEXT    PRIMARY KEY,
    trunk_id    TEXT    NOT NULL,
    room_id     TEXT    NOT NULL,
    state       INTEGER NOT NULL,
    caller      TEXT    NOT NULL, -- masked
    called      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at    INTEGER,
    end_reason  TEXT    NOT NULL,
    refusal     TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX calls_started ON calls (started_at, id);
CREATE INDEX calls_of_room ON calls (room_id, started_at, id);
CREATE INDEX calls_of_trunk ON calls (trunk_id, started_at, id);
CREATE INDEX calls_updated ON calls (updated_at);
CREATE INDEX calls_live ON calls (started_at, id) WHERE state < 4;

-- +goose Down
DROP TABLE calls;
DROP TABLE pin_counts;
DROP TABLE pins;
DROP TABLE numbers;
DROP TABLE trunks;
