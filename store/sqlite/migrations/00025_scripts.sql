-- +goose Up
-- scripts_at is when a page was last judged together with external scripts of its own site, 0 for a page
-- without: they can change while its body stays the same.
ALTER TABLE pages ADD COLUMN scripts_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE pages DROP COLUMN scripts_at;
