-- +goose Up
-- Findings counted by kind and authorisation without a look at the rows, whose evidence takes
-- pages: the metrics ask at every scrape.
CREATE INDEX findings_kind ON findings (category, level, authorisation, gone_at);

-- The last check of the evidence archive that was kept.
CREATE TABLE evidence_checks (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  at       BIGINT NOT NULL,
  seq      BIGINT NOT NULL, -- of the last link
  problems INTEGER NOT NULL
);

-- +goose Down
DROP TABLE evidence_checks;
DROP INDEX findings_kind;
