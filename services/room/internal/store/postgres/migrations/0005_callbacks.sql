-- +goose Up

-- Which room was created for a page that embeds the frontend: the page asks by
-- an id of its own, of which key is a hash.
CREATE TABLE creation_callbacks (
    key        text PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX creation_callbacks_room_idx ON creation_callbacks (room_id);
CREATE INDEX creation_callbacks_expiry_idx ON creation_callbacks (expires_at);

-- +goose Down
DROP TABLE creation_callbacks;
