-- +goose Up
-- The key of a page (qianshao.PageKey) is its URL with the SHA-256 of the query in place of the query. page
-- and requested hold keys; whole URLs are kept only for flagged pages and findings (page_texts, findings,
-- evidence_*), for reports, and in the frontier. Migration 21 replaces the existing URLs by keys.
ALTER TABLE pages RENAME COLUMN url TO page;
ALTER TABLE pages RENAME COLUMN requested_url TO requested;
ALTER TABLE page_texts RENAME COLUMN url TO page;
ALTER TABLE page_texts ADD COLUMN url TEXT NOT NULL DEFAULT '';
ALTER TABLE page_texts ADD COLUMN requested_url TEXT NOT NULL DEFAULT '';
UPDATE page_texts SET url = page, requested_url = (SELECT p.requested FROM pages p WHERE p.page = page_texts.page);
ALTER TABLE page_views RENAME COLUMN url TO page;
ALTER TABLE findings RENAME COLUMN url TO page;
ALTER TABLE findings ADD COLUMN url TEXT NOT NULL DEFAULT '';
UPDATE findings SET url = page;

-- dropped is the skip with which a report's URL left the frontier, '' while it is there.
ALTER TABLE submissions ADD COLUMN page TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN dropped TEXT NOT NULL DEFAULT '';
UPDATE submissions SET page = url;

-- missed_since is since when visits have brought no page, 0 if the last one did.
ALTER TABLE frontier ADD COLUMN missed_since BIGINT NOT NULL DEFAULT 0;
-- A lease holds the key of its URL, and none is live while the schema changes.
UPDATE hosts SET leased = '', lease_until = 0;

ALTER TABLE authorisations ADD COLUMN no_queries INTEGER NOT NULL DEFAULT 0;

-- +goose Down
-- A query cannot be recovered from its hash.
ALTER TABLE authorisations DROP COLUMN no_queries;
ALTER TABLE frontier DROP COLUMN missed_since;
ALTER TABLE submissions DROP COLUMN dropped;
ALTER TABLE submissions DROP COLUMN page;
ALTER TABLE findings DROP COLUMN url;
ALTER TABLE findings RENAME COLUMN page TO url;
ALTER TABLE page_views RENAME COLUMN page TO url;
ALTER TABLE page_texts DROP COLUMN requested_url;
ALTER TABLE page_texts DROP COLUMN url;
ALTER TABLE page_texts RENAME COLUMN page TO url;
ALTER TABLE pages RENAME COLUMN requested TO requested_url;
ALTER TABLE pages RENAME COLUMN page TO url;
