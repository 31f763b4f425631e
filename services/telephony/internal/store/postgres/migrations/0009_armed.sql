-- +goose Up
-- The PINs that callers can use: they are counted, and a drain finds those that
-- are left, without reading the table.
CREATE INDEX pins_armed ON pins (trunk_id, state, pin) WHERE state <> 'quarantined';

-- +goose Down
DROP INDEX pins_armed;
