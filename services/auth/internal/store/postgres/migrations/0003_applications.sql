-- +goose Up
CREATE TABLE applications (
    client_id        text PRIMARY KEY,
    name             text COLLATE "C" NOT NULL,
    active           boolean NOT NULL,
    -- Words with spaces between them.
    scopes           text NOT NULL,
    domains          text NOT NULL,
    secret           bytea NOT NULL,
    -- Both or none.
    old_secret       bytea,
    old_expires_at   timestamptz,
    created_at       timestamptz NOT NULL,
    last_used_at     timestamptz
);
CREATE INDEX applications_name ON applications (name, client_id);

-- +goose Down
DROP TABLE applications;
