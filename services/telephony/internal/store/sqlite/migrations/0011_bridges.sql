-- +goose Up
-- The name on the SIP bus of the bridge that has the call; '' where it is not known.
ALTER TABLE calls ADD COLUMN bridge TEXT NOT NULL DEFAULT '';
-- Whether the carrier has shown its credentials: 0 none were asked, 1 not yet, 2 yes.
ALTER TABLE calls ADD COLUMN proof INTEGER NOT NULL DEFAULT 0;
CREATE INDEX calls_live_of_bridge ON calls (bridge) WHERE state < 4 AND bridge <> '';

-- +goose Down
DROP INDEX calls_live_of_bridge;
ALTER TABLE calls DROP COLUMN proof;
ALTER TABLE calls DROP COLUMN bridge;
