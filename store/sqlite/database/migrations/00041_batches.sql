-- +goose Up
-- The page of a campaign lists its batches.
CREATE INDEX batches_campaign ON batches (campaign, id) WHERE campaign <> '' AND ordered <> '';

-- +goose Down
DROP INDEX batches_campaign;
