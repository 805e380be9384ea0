-- +goose Up
-- What the next visit of a URL needs to know about the last one (ingest.Memory), and findings whose content
-- is gone.

ALTER TABLE frontier ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE frontier ADD COLUMN page TEXT NOT NULL DEFAULT '';
ALTER TABLE frontier ADD COLUMN etag TEXT NOT NULL DEFAULT '';
ALTER TABLE frontier ADD COLUMN last_modified TEXT NOT NULL DEFAULT '';
ALTER TABLE frontier ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE frontier ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE frontier ADD COLUMN revisit BIGINT NOT NULL DEFAULT 0;
CREATE INDEX frontier_urgent ON frontier (host, priority DESC, due, depth) WHERE priority > 0 AND due IS NOT NULL;

ALTER TABLE pages ADD COLUMN rules TEXT NOT NULL DEFAULT '';

-- gone_at is NULL while the page shows what was found.
ALTER TABLE findings ADD COLUMN gone_at BIGINT;
CREATE INDEX findings_open ON findings (url) WHERE gone_at IS NULL;

CREATE TABLE finding_changes (
    id     TEXT NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
    at     BIGINT NOT NULL,
    state  TEXT NOT NULL,
    cause  TEXT NOT NULL,
    PRIMARY KEY (id, at, state)
);

-- A finding is no longer deleted when its page is clean, so nothing has to be removed from the search
-- index.
DROP TABLE removals;

-- +goose Down
CREATE TABLE removals (
    id  TEXT PRIMARY KEY,
    url TEXT NOT NULL
);
CREATE INDEX removals_url ON removals (url);
DROP TABLE finding_changes;
DROP INDEX findings_open;
ALTER TABLE findings DROP COLUMN gone_at;
ALTER TABLE pages DROP COLUMN rules;
DROP INDEX frontier_urgent;
ALTER TABLE frontier DROP COLUMN priority;
ALTER TABLE frontier DROP COLUMN page;
ALTER TABLE frontier DROP COLUMN etag;
ALTER TABLE frontier DROP COLUMN last_modified;
ALTER TABLE frontier DROP COLUMN sha256;
ALTER TABLE frontier DROP COLUMN rules;
ALTER TABLE frontier DROP COLUMN revisit;
