-- +goose Up
-- The results of a host's visits, to tell which hosts are not monitored without reading their URLs.
-- fetched_at is when a page was last received, 0 for never; fresh_until is when the last of its pages is
-- due again; trouble is why visits bring no page, since trouble_at; lost counts the latest visits in a row
-- that failed at URLs which had a page; authorisation is the id under which the host was last requested.

ALTER TABLE hosts ADD COLUMN authorisation TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN fetched_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN fresh_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN trouble_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
CREATE INDEX hosts_authorisation ON hosts (authorisation);

-- A page is due again after its interval, or sooner, so its last visit was no earlier than that interval
-- before it is due.
UPDATE hosts SET
  fetched_at = coalesce((SELECT max(f.due - f.revisit) FROM frontier f
    WHERE f.host = hosts.host AND f.visits > 0 AND f.skip = '' AND f.revisit > 0 AND f.due >= f.revisit), 0),
  fresh_until = coalesce((SELECT max(f.due) FROM frontier f
    WHERE f.host = hosts.host AND f.visits > 0 AND f.skip = '' AND f.revisit > 0), 0),
  authorisation = coalesce((SELECT f.authorisation FROM frontier f WHERE f.host = hosts.host AND f.visits > 0 LIMIT 1), '');

UPDATE hosts SET trouble = coalesce((SELECT f.skip FROM frontier f WHERE f.host = hosts.host AND f.skip NOT IN ('', 'host_paused') LIMIT 1), '')
WHERE fetched_at = 0;

-- +goose Down
DROP INDEX hosts_authorisation;
ALTER TABLE hosts DROP COLUMN lost;
ALTER TABLE hosts DROP COLUMN trouble_at;
ALTER TABLE hosts DROP COLUMN trouble;
ALTER TABLE hosts DROP COLUMN fresh_until;
ALTER TABLE hosts DROP COLUMN fetched_at;
ALTER TABLE hosts DROP COLUMN authorisation;
