-- +goose Up
-- Accounts that see few findings read the trail by these findings.
CREATE INDEX findings_authorisation ON findings (authorisation, id);
-- The page of a campaign lists its batches.
CREATE INDEX batches_campaign ON batches (campaign, id) WHERE campaign <> '' AND ordered <> '';
-- Whether the members were frozen because they waited for a second review; the order is then that review.
ALTER TABLE batches ADD COLUMN review INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE batches DROP COLUMN review;
DROP INDEX batches_campaign;
DROP INDEX findings_authorisation;
