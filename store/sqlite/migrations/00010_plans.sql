-- +goose Up
-- planned is when due was decided, 0 where that is not known: what was decided
-- at a time that has not come yet was decided by a clock that was ahead. failing
-- is since when all visits have failed for now, 0 while they do not.
ALTER TABLE frontier ADD COLUMN planned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE frontier ADD COLUMN failing BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE frontier DROP COLUMN planned;
ALTER TABLE frontier DROP COLUMN failing;
