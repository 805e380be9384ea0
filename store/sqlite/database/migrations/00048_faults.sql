-- +goose Up
-- What kind of failure the last attempt had, and its values, as a list of JSON: the console says it
-- in the language of its reader. Deliveries from before have the English text alone.
ALTER TABLE notice_deliveries ADD COLUMN fault TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE notice_deliveries DROP COLUMN fault;
