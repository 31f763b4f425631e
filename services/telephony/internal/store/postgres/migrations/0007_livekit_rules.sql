-- +goose Up
-- LiveKit's own trunk for the same line; empty for none.
ALTER TABLE trunks ADD COLUMN livekit_trunk text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX trunks_livekit ON trunks (livekit_trunk) WHERE livekit_trunk <> '';

-- The dispatch rules that LiveKit was given, by the PINs for which they stand. A
-- row is there before its rule and after it, also when the trunk is not.
CREATE TABLE livekit_rules (
    trunk_id      text        NOT NULL,
    pin           text        NOT NULL,
    room_id       uuid        NOT NULL,
    livekit_trunk text        NOT NULL,
    rule_id       text        NOT NULL, -- empty while the rule is being made
    claimed_until timestamptz NOT NULL, -- until when who began to make it may be expected to
    PRIMARY KEY (trunk_id, pin)
);
CREATE INDEX room_states_live ON room_states (room_id) WHERE live;

-- +goose Down
DROP INDEX room_states_live;
DROP TABLE livekit_rules;
DROP INDEX trunks_livekit;
ALTER TABLE trunks DROP COLUMN livekit_trunk;
