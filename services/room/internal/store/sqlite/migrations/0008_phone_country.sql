-- +goose Up

-- ISO 3166-1 alpha-2; empty for any country.
ALTER TABLE rooms ADD COLUMN phone_country TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rooms DROP COLUMN phone_country;
