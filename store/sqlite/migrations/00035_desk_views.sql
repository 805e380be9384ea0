-- +goose Up
-- When the first of a campaign's undecided findings is overdue, for the list and its count.
CREATE INDEX campaign_counts_due ON campaign_counts (authorisation, category, due) WHERE due IS NOT NULL;

-- The other orders of the waiting campaigns. A list of one category is sorted when it is read. The
-- condition is <> because > would make SQLite read by rank, and sort.
CREATE INDEX campaign_counts_new ON campaign_counts (authorisation, category, first_seen DESC, campaign) WHERE category = '*' AND rank <> 0;
CREATE INDEX campaign_counts_seen ON campaign_counts (authorisation, category, last_seen DESC, campaign) WHERE category = '*' AND rank <> 0;
CREATE INDEX campaign_counts_members ON campaign_counts (authorisation, category, members DESC, campaign) WHERE category = '*' AND rank <> 0;

-- How an account wants the queue to look, and when it last marked a list as seen.
CREATE TABLE preferences (
  account TEXT PRIMARY KEY,
  compact INTEGER NOT NULL, -- more rows to a screen
  clear   INTEGER NOT NULL  -- pictures are not blurred
);
CREATE TABLE looked (
  account TEXT NOT NULL,
  list    TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (account, list)
);

-- +goose Down
DROP TABLE looked;
DROP TABLE preferences;
DROP INDEX campaign_counts_members;
DROP INDEX campaign_counts_seen;
DROP INDEX campaign_counts_new;
DROP INDEX campaign_counts_due;
