-- +goose Up

-- The last known life of each room in LiveKit. told says whether telephony knows
-- of changed_at; metadata_owed_at is set while the meeting lacks its metadata.
CREATE TABLE live_rooms (
    room_id          TEXT PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    sid              TEXT NOT NULL,
    began_at         INTEGER NOT NULL,
    live             INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    told             INTEGER NOT NULL,
    metadata_owed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX live_rooms_live_idx ON live_rooms (changed_at) WHERE live;
CREATE INDEX live_rooms_untold_idx ON live_rooms (changed_at) WHERE NOT told;
CREATE INDEX live_rooms_owed_idx ON live_rooms (metadata_owed_at) WHERE metadata_owed_at IS NOT NULL;

-- +goose Down
DROP TABLE live_rooms;
