-- +goose Up
-- planned is when due was decided, 0 where that is not known: a value in the future means that the clock
-- was ahead when it was decided. failing is since when all visits have failed temporarily, 0 while they do
-- not.
ALTER TABLE frontier ADD COLUMN planned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE frontier ADD COLUMN failing BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE frontier DROP COLUMN planned;
ALTER TABLE frontier DROP COLUMN failing;
