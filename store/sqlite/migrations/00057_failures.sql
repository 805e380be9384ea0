-- +goose Up
-- How many visits in a row failed because of the host as a whole, by whichever crawler.
ALTER TABLE hosts ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hosts DROP COLUMN failures;
