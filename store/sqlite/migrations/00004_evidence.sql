-- +goose Up
-- The evidence archive: the links of its hash chain, one for each record ever written. Package evidence
-- explains them. start is the link's offset; gone is the seq of the deletion that removed the record, or 0.

CREATE TABLE evidence_links (
    seq       BIGINT PRIMARY KEY,
    kind      TEXT NOT NULL,
    added     BIGINT NOT NULL,
    file      TEXT NOT NULL,
    start     BIGINT NOT NULL,
    length    BIGINT NOT NULL,
    record    TEXT NOT NULL,
    chain     TEXT NOT NULL,
    record_id TEXT NOT NULL,
    uri       TEXT NOT NULL,
    captured  BIGINT NOT NULL,
    mime      TEXT NOT NULL,
    status    INTEGER NOT NULL,
    payload   TEXT NOT NULL,
    capture   BIGINT NOT NULL,
    gone      BIGINT NOT NULL DEFAULT 0,
    cut       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX evidence_links_file ON evidence_links (file, seq);
CREATE INDEX evidence_links_gone ON evidence_links (file, seq) WHERE gone <> 0;

-- A copy of the last link: whoever removes links must change this, too.
CREATE TABLE evidence_head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    seq   BIGINT NOT NULL,
    chain TEXT NOT NULL,
    added BIGINT NOT NULL
);

-- index_sha256 is empty while the file's CDXJ index is out of date.
CREATE TABLE evidence_files (
    file         TEXT PRIMARY KEY,
    first_seq    BIGINT NOT NULL,
    index_sha256 TEXT NOT NULL DEFAULT ''
);

CREATE TABLE evidence_captures (
    id          BIGINT PRIMARY KEY,
    url         TEXT NOT NULL,
    captured    BIGINT NOT NULL,
    seen        BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    categories  TEXT NOT NULL,
    findings    TEXT NOT NULL,
    records     BIGINT NOT NULL,
    bytes       BIGINT NOT NULL,
    gone        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX evidence_captures_url ON evidence_captures (url, id);

-- +goose Down
DROP TABLE evidence_captures;
DROP TABLE evidence_files;
DROP TABLE evidence_head;
DROP TABLE evidence_links;
