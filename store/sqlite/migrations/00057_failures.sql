-- +goose Up
-- The visits in a row at which a host failed as a whole, whichever crawler made them.
ALTER TABLE hosts ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hosts DROP COLUMN failures;
