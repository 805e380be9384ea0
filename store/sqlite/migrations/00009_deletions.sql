-- +goose Up
-- The log of deleted findings: all that is left of them. It has no URL; a finding's id is a hash of its URL
-- and category. indexed is 0 until the process that has the search index open has told it of the deletion.
CREATE TABLE deletions (
    finding  TEXT NOT NULL,
    at       BIGINT NOT NULL,
    category TEXT NOT NULL,
    reason   TEXT NOT NULL,
    indexed  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (finding, at)
);
CREATE INDEX deletions_at ON deletions (at);
CREATE INDEX deletions_unindexed ON deletions (finding) WHERE indexed = 0;

-- +goose Down
DROP TABLE deletions;
