-- +goose Up

-- Invitations that the mail server has not taken yet.
CREATE TABLE invitations (
    id         TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    inviter    TEXT NOT NULL,
    reply_to   TEXT NOT NULL,
    language   TEXT NOT NULL,
    recipients TEXT NOT NULL, -- a JSON array
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_due_idx ON invitations (due_at);
CREATE INDEX invitations_room_idx ON invitations (room_id);

-- +goose Down
DROP TABLE invitations;
