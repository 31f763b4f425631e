-- +goose Up
-- The caller's whole number, sealed; empty when it is withheld or no longer kept.
ALTER TABLE calls ADD COLUMN caller_number bytea NOT NULL DEFAULT '';
CREATE INDEX calls_numbers ON calls (started_at) WHERE caller_number <> '';

-- +goose Down
DROP INDEX calls_numbers;
ALTER TABLE calls DROP COLUMN caller_number;
