-- +goose Up
-- The trail by its filters, latest first. The clock may have been changed, and acts carried over from older
-- trails keep their own times, so times and numbers can be in different orders.
CREATE INDEX acts_at ON acts (at, seq);
CREATE INDEX acts_account ON acts (account, at, seq);
CREATE INDEX acts_kind ON acts (kind, at, seq);
CREATE INDEX acts_subject_kind ON acts (subject_kind, at, seq);
CREATE INDEX acts_verdict ON acts (verdict, at, seq) WHERE verdict <> '';

-- The last check of the trail made from the console.
CREATE TABLE act_checks (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  at       BIGINT NOT NULL,
  seq      BIGINT NOT NULL, -- of the head
  problems INTEGER NOT NULL
);

-- +goose Down
DROP TABLE act_checks;
DROP INDEX acts_verdict;
DROP INDEX acts_subject_kind;
DROP INDEX acts_kind;
DROP INDEX acts_account;
DROP INDEX acts_at;
-- Undoes migration 37, which is in Go. The rows stay in the trail of acts.
DROP TABLE settings;
CREATE TABLE account_changes (
  seq     BIGINT PRIMARY KEY,
  at      BIGINT NOT NULL,
  by      TEXT NOT NULL,
  account TEXT NOT NULL,
  what    TEXT NOT NULL,
  detail  TEXT NOT NULL
);
