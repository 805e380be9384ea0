-- +goose Up
-- seen is desk.Seen of what the finding shows, '' until it was computed; host and authorisation are the
-- finding's; back_at is when it last came back after it was gone, 0 for never.
ALTER TABLE findings ADD COLUMN seen TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN authorisation TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN back_at BIGINT NOT NULL DEFAULT 0;
UPDATE findings SET
  authorisation = CASE WHEN json_valid(finding) THEN coalesce(json_extract(finding, '$.authorisation'), '') ELSE '' END,
  back_at = coalesce((SELECT max(c.at) FROM finding_changes c WHERE c.id = findings.id AND c.state = 'open' AND c.cause <> 'category'), 0);
-- Which sites have the same content, and which rows have no seen yet.
CREATE INDEX findings_content ON findings (seen, host);
-- What the desk reads of a finding, without the large columns of its evidence.
CREATE INDEX findings_desk ON findings (id, seen, back_at, authorisation, level, category, host);

-- The trail of review: rows are added and never changed. detail is desk.Detail in JSON; until is 0 if an
-- act has none; client_key is the client's name for the act, so that a repeated request adds no second act.
CREATE TABLE acts (
    seq          BIGINT PRIMARY KEY,
    at           BIGINT NOT NULL,
    account      TEXT NOT NULL,
    client_key   TEXT NOT NULL,
    batch        BIGINT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    basis        BIGINT NOT NULL,
    verdict      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    seen         TEXT NOT NULL,
    rules        TEXT NOT NULL,
    until        BIGINT NOT NULL,
    reverts      BIGINT NOT NULL,
    round        INTEGER NOT NULL,
    detail       TEXT NOT NULL,
    chain        TEXT NOT NULL
);
CREATE INDEX acts_subject ON acts (subject, subject_kind, seq);
CREATE UNIQUE INDEX acts_key ON acts (account, client_key) WHERE client_key <> '';
CREATE UNIQUE INDEX acts_review ON acts (subject, subject_kind, round, account) WHERE kind = 'review';

-- +goose StatementBegin
CREATE TRIGGER acts_stay_as_they_are BEFORE UPDATE ON acts BEGIN
    SELECT RAISE(ABORT, 'the trail of acts is only added to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_are_kept BEFORE DELETE ON acts BEGIN
    SELECT RAISE(ABORT, 'the trail of acts is only added to');
END;
-- +goose StatementEnd

-- The end of the trail. Whoever adds to it changes this row first: in a database with several writers, that
-- makes acts visible in the order of their numbers.
CREATE TABLE act_head (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    seq   BIGINT NOT NULL,
    chain TEXT NOT NULL
);
INSERT INTO act_head (id, seq, chain) VALUES (1, 0, '');

-- acts up to this one are about the deleted finding, later ones about a finding made at the same place
-- afterwards.
ALTER TABLE deletions ADD COLUMN acts BIGINT NOT NULL DEFAULT 0;

-- Derived from the acts: one row for each subject that has any. act is the last deciding act; decided is
-- the act whose verdict stands, 0 for none, and the columns up to dissent are about it. parked is the act
-- that parks the subject, 0 for none, and the columns after it are about it; parked_sites is the number of
-- sites at which the subject comes back, 0 for none.
CREATE TABLE standings (
    subject_kind   TEXT NOT NULL,
    subject        TEXT NOT NULL,
    act            BIGINT NOT NULL,
    decided        BIGINT NOT NULL,
    decided_at     BIGINT NOT NULL,
    decided_by     TEXT NOT NULL,
    batch          BIGINT NOT NULL,
    verdict        TEXT NOT NULL,
    reason         TEXT NOT NULL,
    seen           TEXT NOT NULL,
    round          INTEGER NOT NULL,
    second         TEXT NOT NULL,
    reviews        INTEGER NOT NULL,
    dissent        INTEGER NOT NULL,
    assignee       TEXT NOT NULL,
    parked         BIGINT NOT NULL,
    parked_at      BIGINT NOT NULL,
    parked_until   BIGINT NOT NULL,
    parked_seen    TEXT NOT NULL,
    parked_content INTEGER NOT NULL,
    parked_relapse INTEGER NOT NULL,
    parked_sites   INTEGER NOT NULL,
    PRIMARY KEY (subject, subject_kind)
);

-- Who works on what. Not derived from acts: renewing a claim leaves none.
CREATE TABLE claims (
    subject_kind TEXT NOT NULL,
    subject      TEXT NOT NULL,
    account      TEXT NOT NULL,
    until        BIGINT NOT NULL,
    PRIMARY KEY (subject, subject_kind)
);

-- progress is the last member that the order, or its undoing, has reached. ordered is the act of the batch
-- in JSON, '' before it has one.
CREATE TABLE batches (
    id         BIGINT PRIMARY KEY,
    account    TEXT NOT NULL,
    at         BIGINT NOT NULL,
    query      TEXT NOT NULL,
    campaign   TEXT NOT NULL,
    members    INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    state      TEXT NOT NULL,
    ordered    TEXT NOT NULL,
    progress   TEXT NOT NULL,
    done_at    BIGINT NOT NULL,
    undone_by  TEXT NOT NULL,
    undo_words TEXT NOT NULL
);
CREATE INDEX batches_unfinished ON batches (id) WHERE state IN ('applying', 'undoing');

-- seen, basis and verdict are those when the batch was frozen; act is the batch's act on the member, 0 if
-- it was skipped, with the reason in skipped; undone likewise.
CREATE TABLE batch_members (
    batch    BIGINT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    finding  TEXT NOT NULL,
    seen     TEXT NOT NULL,
    basis    BIGINT NOT NULL,
    verdict  TEXT NOT NULL,
    act      BIGINT NOT NULL DEFAULT 0,
    skipped  TEXT NOT NULL DEFAULT '',
    undone   BIGINT NOT NULL DEFAULT 0,
    kept     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (batch, finding)
);

-- +goose Down
DROP TABLE batch_members;
DROP TABLE batches;
DROP TABLE claims;
DROP TABLE standings;
ALTER TABLE deletions DROP COLUMN acts;
DROP TABLE act_head;
DROP TABLE acts;
DROP INDEX findings_desk;
DROP INDEX findings_content;
ALTER TABLE findings DROP COLUMN back_at;
ALTER TABLE findings DROP COLUMN authorisation;
ALTER TABLE findings DROP COLUMN host;
ALTER TABLE findings DROP COLUMN seen;
