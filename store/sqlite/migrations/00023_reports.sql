-- +goose Up
-- origin says how a report came in, never who sent it. visited says that its URL was visited since
-- it was last queued; until now a count of visits showed that.
ALTER TABLE submissions ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN visited INTEGER NOT NULL DEFAULT 0;
UPDATE submissions SET visited = 1
WHERE waits_for = '' AND EXISTS (SELECT 1 FROM frontier f WHERE f.url = submissions.url AND f.visits > submissions.visits);
ALTER TABLE submissions DROP COLUMN visits;
DROP INDEX submissions_waiting;
CREATE INDEX submissions_waiting ON submissions (origin) WHERE waits_for <> '';
CREATE INDEX submissions_queued ON submissions (origin) WHERE waits_for = '' AND visited = 0;
CREATE INDEX submissions_visited ON submissions (last_reported) WHERE waits_for = '' AND visited = 1;

-- +goose Down
DROP INDEX submissions_visited;
DROP INDEX submissions_queued;
DROP INDEX submissions_waiting;
CREATE INDEX submissions_waiting ON submissions (first_reported) WHERE waits_for <> '';
ALTER TABLE submissions ADD COLUMN visits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submissions DROP COLUMN visited;
ALTER TABLE submissions DROP COLUMN origin;
