-- +goose Up
ALTER TABLE trunks ADD COLUMN guarded_until timestamptz;

-- +goose Down
ALTER TABLE trunks DROP COLUMN guarded_until;
