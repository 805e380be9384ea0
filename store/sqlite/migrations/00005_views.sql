-- +goose Up
-- views_at is when the page's other views were last requested, 0 for never; views_sha256 is the hash of the
-- plain visitor's body at that time.
ALTER TABLE pages ADD COLUMN views_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pages ADD COLUMN views_sha256 TEXT NOT NULL DEFAULT '';

-- Other views of flagged pages, if a finding's evidence points into them, and a browser's picture. source
-- is a zstd frame, screenshot a PNG.
CREATE TABLE page_views (
    url        TEXT NOT NULL REFERENCES pages (url) ON DELETE CASCADE,
    view       TEXT NOT NULL,
    final_url  TEXT NOT NULL,
    status     INTEGER NOT NULL,
    fetched_at BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    charset    TEXT NOT NULL,
    source     BYTEA,
    screenshot BYTEA,
    PRIMARY KEY (url, view)
);

-- +goose Down
DROP TABLE page_views;
ALTER TABLE pages DROP COLUMN views_sha256;
ALTER TABLE pages DROP COLUMN views_at;
