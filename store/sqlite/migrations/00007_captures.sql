-- +goose Up
-- A finding keeps its own capture: sha256, status, requested_url, charset and title are those of the page
-- when the finding was last seen (last_seen). The row in pages describes the page now.

ALTER TABLE findings ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE findings ADD COLUMN requested_url TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN charset TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN title TEXT NOT NULL DEFAULT '';

-- missed_at is when a visit last found no page at the URL, 0 for never.
ALTER TABLE pages ADD COLUMN missed_at BIGINT NOT NULL DEFAULT 0;

-- A browser's pictures of a page that no longer shows the finding.
CREATE TABLE finding_pictures (
    id         TEXT NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
    view       TEXT NOT NULL,
    final_url  TEXT NOT NULL,
    status     INTEGER NOT NULL,
    fetched_at BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    screenshot BYTEA NOT NULL,
    PRIMARY KEY (id, view)
);

-- If page and finding were last seen at the same time, no later visit has got a page, so the page's hash is
-- still the finding's.
UPDATE findings SET
  sha256 = (SELECT p.sha256 FROM pages p WHERE p.url = findings.url),
  requested_url = (SELECT p.requested_url FROM pages p WHERE p.url = findings.url)
WHERE last_seen = (SELECT p.last_seen FROM pages p WHERE p.url = findings.url);

UPDATE findings SET status = (SELECT p.status FROM pages p WHERE p.url = findings.url)
WHERE gone_at IS NULL;

-- The status of a finding that is gone is in the archive.
UPDATE findings SET status = coalesce((
  SELECT l.status FROM evidence_captures c JOIN evidence_links l ON l.seq >= c.id AND l.seq < c.id + c.records
  WHERE c.url = findings.url AND c.captured <= findings.last_seen AND c.findings LIKE '%"' || findings.id || '"%'
    AND l.kind = 'response' AND l.uri = findings.url
  ORDER BY c.id DESC, l.seq LIMIT 1), 0)
WHERE gone_at IS NOT NULL;

UPDATE findings SET
  charset = (SELECT t.charset FROM page_texts t WHERE t.url = findings.url),
  title = (SELECT substr(t.title, 1, 130) FROM page_texts t WHERE t.url = findings.url)
WHERE gone_at IS NULL AND EXISTS (SELECT 1 FROM page_texts t WHERE t.url = findings.url);

-- A page that is missing has no hash; until now it kept the hash of its last body.
UPDATE pages SET sha256 = '', missed_at = coalesce((SELECT max(f.gone_at) FROM findings f WHERE f.url = pages.url), 0)
WHERE flagged = 0 AND EXISTS (
  SELECT 1 FROM findings f JOIN finding_changes c ON c.id = f.id
  WHERE f.url = pages.url AND c.state = 'gone' AND c.cause IN ('page', 'moved') AND c.at >= pages.last_seen);

-- +goose Down
DROP TABLE finding_pictures;
ALTER TABLE pages DROP COLUMN missed_at;
ALTER TABLE findings DROP COLUMN sha256;
ALTER TABLE findings DROP COLUMN status;
ALTER TABLE findings DROP COLUMN requested_url;
ALTER TABLE findings DROP COLUMN charset;
ALTER TABLE findings DROP COLUMN title;
