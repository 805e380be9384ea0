-- +goose Up
-- An account reviews a decision once. The decision is the basis: rounds begin anew if a finding was deleted
-- and found again.
DROP INDEX acts_review;
CREATE UNIQUE INDEX acts_review ON acts (subject, subject_kind, basis, round, account) WHERE kind = 'review';

-- +goose Down
DROP INDEX acts_review;
CREATE UNIQUE INDEX acts_review ON acts (subject, subject_kind, round, account) WHERE kind = 'review';
