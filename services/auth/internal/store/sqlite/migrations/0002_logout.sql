-- +goose Up
-- Who may log in, and who was made an operator by command.
ALTER TABLE users ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN operator_granted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_created_at ON users (created_at DESC, id);

-- What the identity provider calls the person and its session there; empty
-- where it did not say. By these it ends sessions here.
ALTER TABLE sessions ADD COLUMN provider_sub TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN provider_sid TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_provider_sub ON sessions (provider_sub);
CREATE INDEX sessions_provider_sid ON sessions (provider_sid);

-- Logout tokens that were used, for as long as they could be used again.
CREATE TABLE logout_tokens (
    id         TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logout_tokens_expires_at ON logout_tokens (expires_at);

-- +goose Down
DROP TABLE logout_tokens;
DROP INDEX sessions_provider_sid;
DROP INDEX sessions_provider_sub;
ALTER TABLE sessions DROP COLUMN provider_sid;
ALTER TABLE sessions DROP COLUMN provider_sub;
DROP INDEX users_created_at;
ALTER TABLE users DROP COLUMN operator_granted;
ALTER TABLE users DROP COLUMN active;
