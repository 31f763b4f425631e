-- +goose Up

-- Invitations that the mail server has not taken yet.
CREATE TABLE invitations (
    id         uuid PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    inviter    text NOT NULL,
    reply_to   text NOT NULL,
    language   text NOT NULL,
    recipients text[] NOT NULL,
    created_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   integer NOT NULL
);
CREATE INDEX invitations_due_idx ON invitations (due_at);
CREATE INDEX invitations_room_idx ON invitations (room_id);

-- +goose Down
DROP TABLE invitations;
