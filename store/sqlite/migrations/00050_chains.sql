-- +goose Up
-- Each writer of evidence has its own chains; a link's seq has the chain's number above the 32 bits of its
-- position in the chain. 0 is the one chain of earlier versions, which nobody continues. Whoever removes
-- links must change seq and chain here, too. registered is the last seq that was registered.
CREATE TABLE evidence_chains (
    number     BIGINT PRIMARY KEY,
    writer     TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    chain      TEXT NOT NULL,
    added      BIGINT NOT NULL,
    fenced     INTEGER NOT NULL DEFAULT 0,
    ended      INTEGER NOT NULL DEFAULT 0,
    registered BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX evidence_chains_writer ON evidence_chains (writer, epoch);
INSERT INTO evidence_chains (number, writer, epoch, seq, chain, added) SELECT 0, '', 0, seq, chain, added FROM evidence_head;
DROP TABLE evidence_head;

-- The register of the chains' heads, itself a chain of hashes. name is the chain's.
CREATE TABLE evidence_register (
    seq    BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    name   TEXT NOT NULL,
    head   BIGINT NOT NULL,
    chain  TEXT NOT NULL,
    at     BIGINT NOT NULL,
    hash   TEXT NOT NULL
);
CREATE INDEX evidence_register_head ON evidence_register (head, seq);

-- A capture's id gives its order among the captures of all chains; first_seq is the position of its
-- records.
ALTER TABLE evidence_captures ADD COLUMN first_seq BIGINT NOT NULL DEFAULT 0;
UPDATE evidence_captures SET first_seq = id;

-- An object of the archive is one capture, and indexes are written when they are requested.
DROP TABLE evidence_files;
CREATE INDEX evidence_links_uncut ON evidence_links (file) WHERE gone <> 0 AND cut = 0;

-- +goose Down
DROP INDEX evidence_links_uncut;
CREATE TABLE evidence_files (
    file         TEXT PRIMARY KEY,
    first_seq    BIGINT NOT NULL,
    index_sha256 TEXT NOT NULL DEFAULT ''
);
INSERT INTO evidence_files (file, first_seq) SELECT file, min(seq) FROM evidence_links GROUP BY file;
ALTER TABLE evidence_captures DROP COLUMN first_seq;
DROP TABLE evidence_register;
CREATE TABLE evidence_head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    seq   BIGINT NOT NULL,
    chain TEXT NOT NULL,
    added BIGINT NOT NULL
);
INSERT INTO evidence_head (one, seq, chain, added) SELECT 1, seq, chain, added FROM evidence_chains WHERE number = 0;
DROP TABLE evidence_chains;
