-- +goose Up
-- Several crawlers on one frontier: holder is who has leased a host. asked_by makes a request to
-- it without its lease, until asked_until at most. aside is 1 for a host of which nothing else is
-- known: no authorisation names it, and no URL of it is to be visited.
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
