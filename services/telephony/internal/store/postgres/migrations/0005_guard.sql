-- +goose Up
ALTER TABLE trunks ADD COLUMN guard text NOT NULL DEFAULT 'auto' CHECK (guard IN ('auto', 'on', 'off'));
ALTER TABLE trunks ADD COLUMN max_calls integer NOT NULL DEFAULT 0; -- 0: any number
ALTER TABLE trunks ADD COLUMN max_pending integer NOT NULL DEFAULT 0; -- of them, without a room; 0: any number

-- Until when callers wait in the room's lobby because too many have its PIN.
ALTER TABLE room_states ADD COLUMN crowded_until timestamptz;

-- Keyed hash of the caller's number, or of the call where it is withheld.
ALTER TABLE calls ADD COLUMN caller_key text NOT NULL DEFAULT '';
CREATE INDEX calls_live_of_trunk ON calls (trunk_id, updated_at) WHERE state < 4;

-- +goose Down
DROP INDEX calls_live_of_trunk;
ALTER TABLE calls DROP COLUMN caller_key;
ALTER TABLE room_states DROP COLUMN crowded_until;
ALTER TABLE trunks DROP COLUMN max_pending;
ALTER TABLE trunks DROP COLUMN max_calls;
ALTER TABLE trunks DROP COLUMN guard;
