-- +goose Up
-- Which rooms LiveKit has, as far as it was told. A room without a row is not live.
CREATE TABLE room_states (
    room_id  TEXT    PRIMARY KEY,
    live     INTEGER NOT NULL,
    event_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX room_states_over ON room_states (event_at) WHERE live = 0;

-- +goose Down
DROP TABLE room_states;
