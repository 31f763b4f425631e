-- +goose Up
-- One row for each call with a wrong PIN, so that a call is charged once.
CREATE TABLE wrong_pins (
    trunk_id TEXT    NOT NULL,
    call_id  TEXT    NOT NULL,
    tested   INTEGER NOT NULL, -- 0 where the caller was refused, whatever his PIN
    at       INTEGER NOT NULL,
    PRIMARY KEY (trunk_id, call_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX wrong_pins_of_trunk ON wrong_pins (trunk_id, at);
CREATE INDEX wrong_pins_at ON wrong_pins (at);

CREATE TABLE throttles (
    trunk_id TEXT    NOT NULL, -- empty: all trunks
    caller   TEXT    NOT NULL, -- keyed hash; empty: those who withhold their number
    wrong    INTEGER NOT NULL,
    refused  INTEGER NOT NULL,
    forgiven INTEGER NOT NULL, -- whether a right PIN has lowered it in this window
    ends_at  INTEGER NOT NULL, -- end of the window
    last_at  INTEGER NOT NULL, -- last wrong PIN
    PRIMARY KEY (trunk_id, caller)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_caller ON throttles (caller);
CREATE INDEX throttles_ends ON throttles (ends_at);

-- +goose Down
DROP TABLE throttles;
DROP TABLE wrong_pins;
