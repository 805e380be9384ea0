-- +goose Up
-- Several crawlers on one frontier: holder is the crawler that has leased a host. asked_by is making a
-- request to it without the lease, until asked_until at the latest. aside is 1 for a host of which only
-- requests are known: no authorisation names it, and none of its URLs will be visited.
ALTER TABLE hosts ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN asked_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;

-- +goose Down
DELETE FROM hosts WHERE aside = 1;
ALTER TABLE hosts DROP COLUMN aside;
ALTER TABLE hosts DROP COLUMN asked_until;
ALTER TABLE hosts DROP COLUMN asked_by;
ALTER TABLE hosts DROP COLUMN holder;
