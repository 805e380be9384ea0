-- +goose Up
-- place is the host with its labels reversed (qianshao.Place): the hosts of one domain are adjacent, and an
-- authorisation's names are ranges. visited_at is when a page of the host was last requested, 0 for never.
ALTER TABLE hosts ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN visited_at BIGINT NOT NULL DEFAULT 0;

WITH RECURSIVE cut (host, rest, place) AS (
  SELECT host, host, '' FROM hosts
  UNION ALL
  SELECT host,
    CASE WHEN instr(rest, '.') = 0 THEN '' ELSE substr(rest, instr(rest, '.') + 1) END,
    CASE WHEN instr(rest, '.') = 0 THEN rest ELSE substr(rest, 1, instr(rest, '.') - 1) END || CASE WHEN place = '' THEN '' ELSE '.' || place END
  FROM cut WHERE rest <> ''
)
UPDATE hosts SET place = cut.place FROM cut WHERE cut.host = hosts.host AND cut.rest = '';
UPDATE hosts SET visited_at = max(fetched_at, coalesce((SELECT max(f.planned) FROM frontier f WHERE f.host = hosts.host), 0));
CREATE INDEX hosts_place ON hosts (place, host);

-- A site's figures, counted from indexes without reading the rows.
DROP INDEX frontier_host;
CREATE INDEX frontier_host ON frontier (host, authorisation);
CREATE INDEX frontier_skipped ON frontier (host, authorisation, skip) WHERE skip <> '';
CREATE INDEX findings_site ON findings (host, authorisation, gone_at, id);

-- +goose Down
DROP INDEX findings_site;
DROP INDEX frontier_skipped;
DROP INDEX frontier_host;
CREATE INDEX frontier_host ON frontier (host);
DROP INDEX hosts_place;
ALTER TABLE hosts DROP COLUMN visited_at;
ALTER TABLE hosts DROP COLUMN place;
