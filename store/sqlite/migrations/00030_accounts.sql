-- +goose Up
-- Who may use console and API. password is an argon2id hash; tokens, links and sessions are stored as
-- hashes only. epoch grows with each change that ends an account's sessions.
CREATE TABLE accounts (
  name             TEXT PRIMARY KEY,
  role             TEXT NOT NULL,
  sees_all         INTEGER NOT NULL,
  authorisations   TEXT NOT NULL, -- JSON, the ids of those that it sees
  disabled         INTEGER NOT NULL,
  created          BIGINT NOT NULL,
  password         TEXT NOT NULL,
  subject          TEXT NOT NULL,
  factor_secret    TEXT NOT NULL,
  factor_confirmed INTEGER NOT NULL,
  factor_step      BIGINT NOT NULL,
  factor_recovery  TEXT NOT NULL, -- JSON
  epoch            BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_subject ON accounts (subject) WHERE subject <> '';

-- Changes of accounts, and who made them. Rows are only added.
CREATE TABLE account_changes (
  seq     BIGINT PRIMARY KEY,
  at      BIGINT NOT NULL,
  by      TEXT NOT NULL,
  account TEXT NOT NULL,
  what    TEXT NOT NULL,
  detail  TEXT NOT NULL
);

-- ended marks a session that ended early: a request that had read it before must not write it back.
CREATE TABLE sessions (
  id      TEXT PRIMARY KEY,
  data    BLOB NOT NULL,
  expires BIGINT NOT NULL,
  ended   INTEGER NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE tokens (
  id      TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name),
  label   TEXT NOT NULL,
  hash    TEXT NOT NULL UNIQUE,
  scopes  TEXT NOT NULL, -- JSON
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used    BIGINT NOT NULL -- 0 if never
);
CREATE INDEX tokens_account ON tokens (account);

CREATE TABLE links (
  hash    TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  account TEXT NOT NULL,
  expires BIGINT NOT NULL
);

-- +goose Down
DROP TABLE links;
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE account_changes;
DROP TABLE accounts;
