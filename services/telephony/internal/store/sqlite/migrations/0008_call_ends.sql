-- +goose Up
-- Whether the call is taken for failed because nobody has heard of it for long.
ALTER TABLE calls ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
-- The SIP status with which it ended; 0 for none.
ALTER TABLE calls ADD COLUMN sip_status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN sip_reason TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE calls DROP COLUMN sip_reason;
ALTER TABLE calls DROP COLUMN sip_status;
ALTER TABLE calls DROP COLUMN silent;
