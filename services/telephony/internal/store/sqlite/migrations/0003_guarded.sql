-- +goose Up
ALTER TABLE trunks ADD COLUMN guarded_until INTEGER;

-- +goose Down
ALTER TABLE trunks DROP COLUMN guarded_until;
