-- +goose Up

-- When somebody last asked: who asks rarely is given longer.
ALTER TABLE lobby_entries ADD COLUMN asked_at timestamptz NOT NULL DEFAULT 'epoch';
UPDATE lobby_entries SET asked_at = created_at;

-- +goose Down
ALTER TABLE lobby_entries DROP COLUMN asked_at;
