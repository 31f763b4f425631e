-- +goose Up
-- One row for each call with a wrong PIN, so that a call is charged once.
CREATE TABLE wrong_pins (
    trunk_id text        NOT NULL,
    call_id  text        NOT NULL,
    tested   boolean     NOT NULL, -- false where the caller was refused, whatever his PIN
    at       timestamptz NOT NULL,
    PRIMARY KEY (trunk_id, call_id)
);
CREATE INDEX wrong_pins_of_trunk ON wrong_pins (trunk_id, at);
CREATE INDEX wrong_pins_at ON wrong_pins (at);

CREATE TABLE throttles (
    trunk_id text        NOT NULL, -- empty: all trunks
    caller   text        NOT NULL, -- keyed hash; empty: those who withhold their number
    wrong    integer     NOT NULL,
    refused  integer     NOT NULL,
    forgiven boolean     NOT NULL, -- whether a right PIN has lowered it in this window
    ends_at  timestamptz NOT NULL, -- end of the window
    last_at  timestamptz NOT NULL, -- last wrong PIN
    PRIMARY KEY (trunk_id, caller)
);
CREATE INDEX throttles_caller ON throttles (caller);
CREATE INDEX throttles_ends ON throttles (ends_at);

-- +goose Down
DROP TABLE throttles, wrong_pins;
