-- +goose Up
-- The PINs that callers can use: they are counted, and a drain finds those that
-- are left, without reading the table.
CREATE INDEX pins_armed ON pins (trunk_id, state, pin) WHERE state <> 'quarantined';

-- Where the room would have its number when this PIN was given; empty for anywhere.
ALTER TABLE pins ADD COLUMN country TEXT NOT NULL DEFAULT '';

-- How often a room's PIN was replaced in the day that began with the first time.
CREATE TABLE rotations (
    room_id   TEXT    PRIMARY KEY NOT NULL,
    rotations INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rotations_ends ON rotations (ends_at);

-- +goose Down
DROP TABLE rotations;
ALTER TABLE pins DROP COLUMN country;
DROP INDEX pins_armed;
