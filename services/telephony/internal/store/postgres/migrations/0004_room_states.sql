-- +goose Up
-- Which rooms LiveKit has, as far as it was told. A room without a row is not live.
CREATE TABLE room_states (
    room_id  uuid        PRIMARY KEY,
    live     boolean     NOT NULL,
    event_at timestamptz NOT NULL
);
CREATE INDEX room_states_over ON room_states (event_at) WHERE NOT live;

-- +goose Down
DROP TABLE room_states;
