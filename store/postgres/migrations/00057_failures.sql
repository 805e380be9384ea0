-- +goose Up
-- As in SQLite's migration of this number.
ALTER TABLE hosts ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hosts DROP COLUMN failures;
