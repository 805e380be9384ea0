-- +goose Up
-- Between which categories a finding has moved, and which finding of its page has
-- taken it in. '' where a change is of another kind. An id is a hash of its URL and of
-- the category that the finding had at first.
ALTER TABLE finding_changes ADD COLUMN from_category TEXT NOT NULL DEFAULT '';
ALTER TABLE finding_changes ADD COLUMN to_category TEXT NOT NULL DEFAULT '';
ALTER TABLE finding_changes ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE finding_changes DROP COLUMN merged_into;
ALTER TABLE finding_changes DROP COLUMN to_category;
ALTER TABLE finding_changes DROP COLUMN from_category;
