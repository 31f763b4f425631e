-- +goose Up
CREATE TABLE applications (
    client_id        TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    active           INTEGER NOT NULL,
    -- Words with spaces between them.
    scopes           TEXT NOT NULL,
    domains          TEXT NOT NULL,
    secret           BLOB NOT NULL,
    -- Both or none.
    old_secret       BLOB,
    old_expires_at   INTEGER,
    created_at       INTEGER NOT NULL,
    last_used_at     INTEGER
) STRICT;
CREATE INDEX applications_name ON applications (name, client_id);

-- +goose Down
DROP TABLE applications;
