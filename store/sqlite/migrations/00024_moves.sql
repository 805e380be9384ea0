-- +goose Up
-- Between which categories a finding has moved, and into which finding of its page it was merged; '' for
-- changes of another kind. An id is a hash of the URL and of the finding's first category.
ALTER TABLE finding_changes ADD COLUMN from_category TEXT NOT NULL DEFAULT '';
ALTER TABLE finding_changes ADD COLUMN to_category TEXT NOT NULL DEFAULT '';
ALTER TABLE finding_changes ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE finding_changes DROP COLUMN merged_into;
ALTER TABLE finding_changes DROP COLUMN to_category;
ALTER TABLE finding_changes DROP COLUMN from_category;
