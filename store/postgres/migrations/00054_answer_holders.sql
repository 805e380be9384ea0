-- +goose Up
-- The process that works on a request under an Idempotency-Key, by the holder of its data folder:
-- what that has not answered before its end it can begin again.
ALTER TABLE kept_answers ADD COLUMN holder TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE kept_answers DROP COLUMN holder;
