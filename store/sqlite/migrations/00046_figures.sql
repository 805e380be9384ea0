-- +goose Up
-- What reports read of a finding, in the order in which findings were first seen, without the large columns
-- of evidence.
CREATE INDEX findings_figures ON findings (first_seen, id, page, rule, category, level, gone_at, authorisation);

-- Which rule sets were in force: a row whenever the rule set changed. rules has the ids of its rules, in
-- JSON, each with a hash of what it looks for.
CREATE TABLE rules_in_force (
    seq     INTEGER PRIMARY KEY,
    at      BIGINT NOT NULL,
    digest  TEXT NOT NULL,
    version TEXT NOT NULL,
    rules   TEXT NOT NULL
);
CREATE INDEX rules_in_force_at ON rules_in_force (at, seq);

-- +goose Down
DROP TABLE rules_in_force;
DROP INDEX findings_figures;
