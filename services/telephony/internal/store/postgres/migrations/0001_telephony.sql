-- +goose Up
CREATE TABLE trunks (
    id                text        PRIMARY KEY,
    name              text        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('active', 'draining', 'disabled')),
    pin_length        smallint    NOT NULL CHECK (pin_length BETWEEN 4 AND 16),
    allowed_addresses text        NOT NULL, -- CIDR prefixes joined by commas; empty for any source
    auth_username     text        NOT NULL,
    auth_password     bytea       NOT NULL, -- sealed; empty for none
    arming            text        NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);

CREATE TABLE numbers (
    trunk_id text     NOT NULL REFERENCES trunks ON DELETE CASCADE,
    number   text     NOT NULL CONSTRAINT numbers_number UNIQUE,
    position smallint NOT NULL,
    country  text     NOT NULL,
    label    text     NOT NULL,
    kind     text     NOT NULL,
    PRIMARY KEY (trunk_id, number)
);

-- Digits compare as bytes, so that the search for a gap follows the key's order.
CREATE TABLE pins (
    trunk_id   text             NOT NULL REFERENCES trunks ON DELETE CASCADE,
    pin        text COLLATE "C" NOT NULL,
    room_id    uuid             NOT NULL,
    state      text             NOT NULL CHECK (state IN ('current', 'retiring', 'quarantined')),
    until      timestamptz      CHECK ((until IS NULL) = (state = 'current')),
    created_at timestamptz      NOT NULL,
    PRIMARY KEY (trunk_id, pin)
);
CREATE UNIQUE INDEX pins_current_of_room ON pins (room_id) WHERE state = 'current';
CREATE INDEX pins_retiring_of_room ON pins (room_id) WHERE state = 'retiring';
CREATE INDEX pins_until ON pins (until) WHERE until IS NOT NULL;

-- How many PINs a trunk holds, in shards so that allocations at the same time
-- do not wait for one row. Only the sum over the shards means anything.
CREATE TABLE pin_counts (
    trunk_id text     NOT NULL REFERENCES trunks ON DELETE CASCADE,
    length   smallint NOT NULL,
    shard    smallint NOT NULL,
    held     bigint   NOT NULL,
    PRIMARY KEY (trunk_id, length, shard)
);

CREATE TABLE calls (
    id          text        PRIMARY KEY,
    trunk_id    text        NOT NULL,
    room_id     text        NOT NULL,
    state       smallint    NOT NULL,
    caller      text        NOT NULL, -- masked
    called      text        NOT NULL,
    started_at  timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at    timestamptz,
    end_reason  text        NOT NULL,
    refusal     text        NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX calls_started ON calls (started_at, id);
CREATE INDEX calls_of_room ON calls (room_id, started_at, id);
CREATE INDEX calls_of_trunk ON calls (trunk_id, started_at, id);
CREATE INDEX calls_updated ON calls (updated_at);
CREATE INDEX calls_live ON calls (started_at, id) WHERE state < 4;

-- +goose Down
DROP TABLE calls, pin_counts, pins, numbers, trunks;
