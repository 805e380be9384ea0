-- +goose Up
-- What tells the search index whether it has what is here.
CREATE INDEX findings_seen ON findings (last_seen, gone_at);

-- +goose Down
DROP INDEX findings_seen;
