-- +goose Up
-- LiveKit's own trunk for the same line; empty for none.
ALTER TABLE trunks ADD COLUMN livekit_trunk TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX trunks_livekit ON trunks (livekit_trunk) WHERE livekit_trunk <> '';

-- The dispatch rules that LiveKit was given, by the PINs for which they stand. A
-- row is there before its rule and after it, also when the trunk is not.
CREATE TABLE livekit_rules (
    trunk_id      TEXT    NOT NULL,
    pin           TEXT    NOT NULL,
    room_id       TEXT    NOT NULL,
    livekit_trunk TEXT    NOT NULL,
    rule_id       TEXT    NOT NULL, -- empty while the rule is being made
    claimed_until INTEGER NOT NULL, -- until when who began to make it may be expected to
    PRIMARY KEY (trunk_id, pin)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_states_live ON room_states (room_id) WHERE live = 1;

-- +goose Down
DROP INDEX room_states_live;
DROP TABLE livekit_rules;
DROP INDEX trunks_livekit;
ALTER TABLE trunks DROP COLUMN livekit_trunk;
