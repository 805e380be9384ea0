-- +goose Up
-- The outbox lists the changed findings that a consumer of findings (the search index) has not processed
-- yet: one row for each finding, however often it changed. seq grows with each change; at is the time of
-- the first change that the consumer has not processed. deleted is 1 if the finding was deleted since, even
-- if it was found anew after that.
CREATE TABLE outbox (
    consumer TEXT NOT NULL,
    finding  TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    deleted  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, finding)
);
CREATE UNIQUE INDEX outbox_seq ON outbox (consumer, seq);

-- Deletions that the index has not processed: from now on the outbox has them, not the log of deletions.
INSERT INTO outbox (consumer, finding, seq, at, deleted)
SELECT 'index', d.finding, row_number() OVER (ORDER BY min(d.at), d.finding), min(d.at), 1
FROM deletions d WHERE d.indexed = 0 GROUP BY d.finding;
DROP INDEX deletions_unindexed;
ALTER TABLE deletions DROP COLUMN indexed;

-- +goose Down
ALTER TABLE deletions ADD COLUMN indexed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX deletions_unindexed ON deletions (finding) WHERE indexed = 0;
UPDATE deletions SET indexed = 0 WHERE EXISTS (
  SELECT 1 FROM outbox o WHERE o.consumer = 'index' AND o.finding = deletions.finding AND o.deleted = 1);
DROP TABLE outbox;
