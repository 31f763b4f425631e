-- +goose Up
-- Of the call's participants the one that joined last; NULL for none, and left_at
-- while it is in its room.
ALTER TABLE calls ADD COLUMN joined_at timestamptz;
ALTER TABLE calls ADD COLUMN left_at timestamptz;
-- The state that the call was in when its participant left, for which it is taken
-- to have ended; 0 while it is not.
ALTER TABLE calls ADD COLUMN left_state smallint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE calls DROP COLUMN left_state;
ALTER TABLE calls DROP COLUMN left_at;
ALTER TABLE calls DROP COLUMN joined_at;
