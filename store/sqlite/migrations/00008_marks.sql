-- +goose Up
-- For the mark by which the search index knows whether it is up to date.
CREATE INDEX findings_seen ON findings (last_seen, gone_at);

-- +goose Down
DROP INDEX findings_seen;
