-- Instants are microseconds since 1970.

-- +goose Up
CREATE TABLE users (
    id                 TEXT PRIMARY KEY,
    sub                TEXT NOT NULL UNIQUE,
    email              TEXT NOT NULL,
    -- The e-mail in lower case, by the application: databases differ in it.
    email_key          TEXT NOT NULL,
    full_name          TEXT NOT NULL,
    short_name         TEXT NOT NULL,
    operator_claim     INTEGER NOT NULL,
    timezone           TEXT NOT NULL,
    language           TEXT NOT NULL,
    room_access_level  TEXT,
    room_configuration TEXT NOT NULL,
    created_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX users_email_key ON users (email_key, created_at);

CREATE TABLE sessions (
    hash         BLOB PRIMARY KEY,
    user_id      TEXT REFERENCES users (id) ON DELETE CASCADE,
    id_token     BLOB,
    logout_state TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE login_attempts (
    session_hash BLOB NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE,
    state        TEXT NOT NULL,
    nonce        TEXT NOT NULL,
    verifier     TEXT NOT NULL,
    code         TEXT NOT NULL,
    login_hint   TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    silent       INTEGER NOT NULL,
    return_to    TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (session_hash, state)
) STRICT;
CREATE INDEX login_attempts_expires_at ON login_attempts (expires_at);

CREATE TABLE signing_keys (
    id         TEXT PRIMARY KEY,
    public     BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    active_at  INTEGER NOT NULL,
    retires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE signing_keys;
DROP TABLE login_attempts;
DROP TABLE sessions;
DROP TABLE users;
