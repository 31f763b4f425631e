-- +goose Up

-- When a room was changed of which those in its meeting are not told yet. That in
-- live_rooms is for processes of the version before, which note no more than what
-- they could not push.
ALTER TABLE rooms ADD COLUMN metadata_owed_at INTEGER;
UPDATE rooms SET metadata_owed_at = l.metadata_owed_at FROM live_rooms l
    WHERE l.room_id = rooms.id AND l.metadata_owed_at IS NOT NULL;
CREATE INDEX rooms_metadata_owed_idx ON rooms (metadata_owed_at) WHERE metadata_owed_at IS NOT NULL;

-- +goose Down
DROP INDEX rooms_metadata_owed_idx;
ALTER TABLE rooms DROP COLUMN metadata_owed_at;
