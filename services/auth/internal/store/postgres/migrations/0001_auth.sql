-- +goose Up
CREATE TABLE users (
    id                 uuid PRIMARY KEY,
    sub                text NOT NULL UNIQUE,
    email              text NOT NULL,
    -- The e-mail in lower case, by the application: databases differ in it.
    email_key          text NOT NULL,
    full_name          text NOT NULL,
    short_name         text NOT NULL,
    operator_claim     boolean NOT NULL,
    timezone           text NOT NULL,
    language           text NOT NULL,
    room_access_level  text,
    room_configuration jsonb NOT NULL,
    created_at         timestamptz NOT NULL
);
CREATE INDEX users_email_key ON users (email_key, created_at);

CREATE TABLE sessions (
    hash         bytea PRIMARY KEY,
    user_id      uuid REFERENCES users (id) ON DELETE CASCADE,
    id_token     bytea,
    logout_state text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE login_attempts (
    session_hash bytea NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE,
    state        text NOT NULL,
    nonce        text NOT NULL,
    verifier     text NOT NULL,
    code         text NOT NULL,
    login_hint   text NOT NULL,
    redirect_uri text NOT NULL,
    silent       boolean NOT NULL,
    return_to    text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (session_hash, state)
);
CREATE INDEX login_attempts_expires_at ON login_attempts (expires_at);

CREATE TABLE signing_keys (
    id         text PRIMARY KEY,
    public     bytea NOT NULL,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    active_at  timestamptz NOT NULL,
    retires_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE signing_keys;
DROP TABLE login_attempts;
DROP TABLE sessions;
DROP TABLE users;
