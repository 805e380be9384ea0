-- +goose Up
-- Queries that accounts have saved, for themselves or for everybody.
CREATE TABLE saved_views (
  id      TEXT PRIMARY KEY,
  owner   TEXT NOT NULL, -- the account's name
  name    TEXT NOT NULL,
  query   TEXT NOT NULL,
  sort    TEXT NOT NULL,
  shared  INTEGER NOT NULL,
  changed BIGINT NOT NULL,
  UNIQUE (owner, name)
);

-- Answers to requests with an Idempotency-Key. status is 0 while the request is being worked on. request is
-- the SHA-256 of method, path and body, in hex.
CREATE TABLE kept_answers (
  account  TEXT NOT NULL,
  key      TEXT NOT NULL,
  request  TEXT NOT NULL,
  begun    BIGINT NOT NULL,
  status   INTEGER NOT NULL,
  type     TEXT NOT NULL,
  location TEXT NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (account, key)
);
CREATE INDEX kept_answers_begun ON kept_answers (begun);

-- The last 10,000 findings in the order in which they were made, for programs that ask for new ones.
CREATE TABLE finding_news (
  seq     BIGINT PRIMARY KEY,
  finding TEXT NOT NULL
);

-- +goose Down
DROP TABLE finding_news;
DROP TABLE kept_answers;
DROP TABLE saved_views;
