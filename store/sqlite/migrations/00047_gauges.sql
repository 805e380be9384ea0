-- +goose Up
-- Counts findings by kind and authorisation without reading the rows, whose evidence is large: every scrape
-- of the metrics asks for it.
CREATE INDEX findings_kind ON findings (category, level, authorisation, gone_at);

-- The last recorded check of the evidence archive.
CREATE TABLE evidence_checks (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  at       BIGINT NOT NULL,
  seq      BIGINT NOT NULL, -- of the last link
  problems INTEGER NOT NULL
);

-- +goose Down
DROP TABLE evidence_checks;
DROP INDEX findings_kind;
