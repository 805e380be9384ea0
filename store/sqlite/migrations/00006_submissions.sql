-- +goose Up
-- Reports of pages. waits_for is why a report waits for an authorisation, '' once it is in the frontier;
-- visits is how often its URL had been visited by then.

CREATE TABLE submissions (
    id             TEXT PRIMARY KEY,
    url            TEXT NOT NULL,
    category       TEXT NOT NULL,
    reports        INTEGER NOT NULL,
    first_reported BIGINT NOT NULL,
    last_reported  BIGINT NOT NULL,
    waits_for      TEXT NOT NULL,
    visits         INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX submissions_last ON submissions (last_reported);
CREATE INDEX submissions_waiting ON submissions (first_reported) WHERE waits_for <> '';
CREATE INDEX pages_requested ON pages (requested_url);

-- +goose Down
DROP INDEX pages_requested;
DROP TABLE submissions;
