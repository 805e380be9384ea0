-- +goose Up
-- Written for SQLite and PostgreSQL alike: times are integer unix milliseconds in UTC, booleans 0 or 1,
-- lists JSON texts.

CREATE TABLE authorisations (
    id            TEXT PRIMARY KEY,
    owner         TEXT NOT NULL,
    basis         TEXT NOT NULL,
    contact       TEXT NOT NULL,
    valid_from    BIGINT NOT NULL,
    valid_until   BIGINT NOT NULL,
    hosts         TEXT NOT NULL,
    include_paths TEXT NOT NULL,
    exclude_paths TEXT NOT NULL,
    rate          DOUBLE PRECISION NOT NULL,
    allow_private INTEGER NOT NULL,
    seeds         TEXT NOT NULL
);

-- due is NULL for a URL that will not be visited (again).
CREATE TABLE frontier (
    url           TEXT PRIMARY KEY,
    host          TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    depth         INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due           BIGINT,
    visits        INTEGER NOT NULL DEFAULT 0,
    skip          TEXT NOT NULL DEFAULT ''
);
CREATE INDEX frontier_head ON frontier (host, due, depth) WHERE due IS NOT NULL;
CREATE INDEX frontier_host ON frontier (host);
CREATE INDEX frontier_skip ON frontier (skip) WHERE skip <> '';

-- head_due and head_depth repeat those of the host's first URL in the frontier, so that a lease only reads
-- hosts. A host has at most one lease; it is live until lease_until.
CREATE TABLE hosts (
    host        TEXT PRIMARY KEY,
    next_at     BIGINT NOT NULL DEFAULT 0,
    head_due    BIGINT,
    head_depth  INTEGER,
    leased      TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX hosts_head ON hosts (head_due, head_depth, host) WHERE head_due IS NOT NULL;

CREATE TABLE pages (
    url             TEXT PRIMARY KEY,
    requested_url   TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    status          INTEGER NOT NULL,
    first_seen      BIGINT NOT NULL,
    last_seen       BIGINT NOT NULL,
    flagged         INTEGER NOT NULL
);
CREATE INDEX pages_flagged ON pages (url) WHERE flagged = 1;

-- Only flagged pages have a row here. source and body are zstd frames.
CREATE TABLE page_texts (
    url     TEXT PRIMARY KEY REFERENCES pages (url) ON DELETE CASCADE,
    charset TEXT NOT NULL,
    title   TEXT NOT NULL,
    source  BYTEA NOT NULL,
    body    BYTEA NOT NULL
);

CREATE TABLE findings (
    id         TEXT PRIMARY KEY,
    url        TEXT NOT NULL REFERENCES pages (url) ON DELETE CASCADE,
    rule       TEXT NOT NULL,
    category   TEXT NOT NULL,
    level      INTEGER NOT NULL,
    score      INTEGER NOT NULL,
    finding    TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL
);
CREATE INDEX findings_url ON findings (url);

-- Findings that were removed here but perhaps not yet from the search index.
CREATE TABLE removals (
    id  TEXT PRIMARY KEY,
    url TEXT NOT NULL
);
CREATE INDEX removals_url ON removals (url);

-- +goose Down
DROP TABLE removals;
DROP TABLE findings;
DROP TABLE page_texts;
DROP TABLE pages;
DROP TABLE hosts;
DROP TABLE frontier;
DROP TABLE authorisations;
