-- +goose Up
-- An index of PostgreSQL takes rows of 2,704 bytes, and the URL of a capture may have 8 KiB: it is found by its hash.
DROP INDEX evidence_captures_url;
CREATE INDEX evidence_captures_url ON evidence_captures USING hash (url);

-- +goose Down
DROP INDEX evidence_captures_url;
CREATE INDEX evidence_captures_url ON evidence_captures (url, id);
