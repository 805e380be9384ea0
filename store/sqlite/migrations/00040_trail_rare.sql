-- +goose Up
-- Decisions, and acts on findings, are most of the trail: whoever asks for those finds them soon
-- by time. Without them the two indexes cost nothing where thousands are decided at once.
DROP INDEX acts_kind;
DROP INDEX acts_subject_kind;
CREATE INDEX acts_kind ON acts (kind, at, seq) WHERE kind <> 'decide';
CREATE INDEX acts_subject_kind ON acts (subject_kind, at, seq) WHERE subject_kind <> 'finding';

-- +goose Down
DROP INDEX acts_subject_kind;
DROP INDEX acts_kind;
CREATE INDEX acts_kind ON acts (kind, at, seq);
CREATE INDEX acts_subject_kind ON acts (subject_kind, at, seq);
