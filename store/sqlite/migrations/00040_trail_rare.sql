-- +goose Up
-- Most of the trail is decisions, and acts on findings: these are found quickly by time. Without them the
-- two indexes cost nothing when thousands are decided at once.
DROP INDEX acts_kind;
DROP INDEX acts_subject_kind;
CREATE INDEX acts_kind ON acts (kind, at, seq) WHERE kind <> 'decide';
CREATE INDEX acts_subject_kind ON acts (subject_kind, at, seq) WHERE subject_kind <> 'finding';

-- +goose Down
DROP INDEX acts_subject_kind;
DROP INDEX acts_kind;
CREATE INDEX acts_kind ON acts (kind, at, seq);
CREATE INDEX acts_subject_kind ON acts (subject_kind, at, seq);
