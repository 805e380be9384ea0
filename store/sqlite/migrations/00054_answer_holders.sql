-- +goose Up
-- The process that works on a request with an Idempotency-Key, as the holder of its data folder: if it
-- ended without an answer, it can begin the request again.
ALTER TABLE kept_answers ADD COLUMN holder TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE kept_answers DROP COLUMN holder;
