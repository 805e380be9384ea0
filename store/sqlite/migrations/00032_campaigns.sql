-- +goose Up
-- Campaigns are derived from the findings, and from the acts that merge and split them and set their
-- policies. Packages desk/campaign and store/sqlstore/campaigns explain the tables.

-- salt makes ids of campaigns unguessable; traits names what the findings were grouped by: if it changes,
-- all are grouped anew.
CREATE TABLE campaign_state (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    salt   TEXT NOT NULL,
    traits TEXT NOT NULL DEFAULT ''
);
INSERT INTO campaign_state (one, salt) VALUES (1, lower(hex(randomblob(16))));

-- key_hash is 0 for blocks; oldest is the finding that gives a block its id and label. shared is 1 while
-- the key has more owners than allowed. policy is the act that decides newcomers, 0 for none. A number is
-- never reused.
CREATE TABLE campaigns (
    campaign INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    kind     TEXT NOT NULL,
    key_hash BIGINT NOT NULL DEFAULT 0,
    key_name TEXT NOT NULL DEFAULT '',
    cap      INTEGER NOT NULL DEFAULT 0,
    label    TEXT NOT NULL DEFAULT '',
    oldest   TEXT NOT NULL DEFAULT '',
    members  INTEGER NOT NULL DEFAULT 0,
    owners   INTEGER NOT NULL DEFAULT 0,
    shared   INTEGER NOT NULL DEFAULT 0,
    policy   BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX campaigns_shared ON campaigns (campaign) WHERE shared = 1;

-- Buckets: the bands of blocks. There are many, and each is looked up individually: the rowid is the band.
-- The bands of a campaign are in campaign_shapes.
CREATE TABLE campaign_bands (
    band     INTEGER PRIMARY KEY,
    campaign BIGINT NOT NULL
);

-- Buckets: destinations, handles, and campaigns that were split off.
CREATE TABLE campaign_keys (
    key_hash INTEGER PRIMARY KEY,
    campaign BIGINT NOT NULL
);
CREATE INDEX campaign_keys_campaign ON campaign_keys (campaign);

-- The distinct blocks of a campaign. split is the act that moved the members out of the campaign that
-- newcomers with their keys still join; 0 for none.
CREATE TABLE campaign_shapes (
    campaign BIGINT NOT NULL,
    shape    BIGINT NOT NULL,
    split    BIGINT NOT NULL,
    sketch   BIGINT NOT NULL,
    bands    BYTEA NOT NULL,
    members  INTEGER NOT NULL,
    PRIMARY KEY (campaign, shape, split)
);
CREATE INDEX campaign_shapes_shape ON campaign_shapes (shape, split);
CREATE INDEX campaign_shapes_rare ON campaign_shapes (campaign, members, shape);

-- How each finding was counted: counters change by the difference from it. campaign is its primary one,
-- block that of its block.
CREATE TABLE campaign_findings (
    finding       TEXT PRIMARY KEY,
    campaign      BIGINT NOT NULL,
    block         BIGINT NOT NULL,
    shape         BIGINT NOT NULL,
    split         BIGINT NOT NULL,
    owner         TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    category      TEXT NOT NULL,
    level         INTEGER NOT NULL,
    score         INTEGER NOT NULL,
    first_seen    BIGINT NOT NULL,
    last_seen     BIGINT NOT NULL,
    undecided     INTEGER NOT NULL,
    relapsed      INTEGER NOT NULL,
    parked        INTEGER NOT NULL,
    reviewing     INTEGER NOT NULL,
    due           BIGINT,
    wakes         BIGINT
);
CREATE INDEX campaign_findings_campaign ON campaign_findings (campaign, authorisation, category);
CREATE INDEX campaign_findings_due ON campaign_findings (campaign, due) WHERE due IS NOT NULL;
CREATE INDEX campaign_findings_shape ON campaign_findings (block, shape);
CREATE INDEX campaign_findings_wakes ON campaign_findings (wakes) WHERE wakes IS NOT NULL;

-- All campaigns of a finding; place 0 is that of its block, the others are those of its keys in their
-- order. key_hash is the key that led to the campaign, 0 for the block.
CREATE TABLE campaign_members (
    finding       TEXT NOT NULL,
    campaign      BIGINT NOT NULL,
    place         INTEGER NOT NULL,
    key_hash      BIGINT NOT NULL,
    authorisation TEXT NOT NULL,
    first_seen    BIGINT NOT NULL,
    PRIMARY KEY (finding, place)
);
CREATE INDEX campaign_members_order ON campaign_members (campaign, first_seen, finding);
CREATE INDEX campaign_members_sight ON campaign_members (campaign, authorisation, first_seen, finding);

-- Members by site and authorisation.
CREATE TABLE campaign_owners (
    campaign      BIGINT NOT NULL,
    owner         TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    members       INTEGER NOT NULL,
    PRIMARY KEY (campaign, owner, authorisation)
);

-- Counters of primary members, by authorisation and category; '*' means all. rank is 3 with undecided and
-- relapsed members, 2 with undecided ones, 1 with relapsed ones, 0 with neither. due is when the first
-- undecided one is overdue.
CREATE TABLE campaign_counts (
    campaign      BIGINT NOT NULL,
    authorisation TEXT NOT NULL,
    category      TEXT NOT NULL,
    members       INTEGER NOT NULL,
    undecided     INTEGER NOT NULL,
    relapsed      INTEGER NOT NULL,
    parked        INTEGER NOT NULL,
    reviewing     INTEGER NOT NULL,
    level         INTEGER NOT NULL,
    score         INTEGER NOT NULL,
    first_seen    BIGINT NOT NULL,
    last_seen     BIGINT NOT NULL,
    due           BIGINT,
    rank          INTEGER NOT NULL,
    PRIMARY KEY (campaign, authorisation, category)
);
CREATE INDEX campaign_counts_queue ON campaign_counts (authorisation, category, rank, score DESC, first_seen, campaign, due);
CREATE INDEX campaign_counts_parked ON campaign_counts (authorisation, category, score DESC, first_seen, campaign) WHERE parked > 0;
CREATE INDEX campaign_counts_reviewing ON campaign_counts (authorisation, category, score DESC, first_seen, campaign) WHERE reviewing > 0;

-- Former ids: of a campaign whose oldest finding this was, or of a key's campaign.
CREATE TABLE campaign_aliases (
    id       TEXT PRIMARY KEY,
    finding  TEXT NOT NULL,
    key_hash BIGINT NOT NULL
);
CREATE INDEX campaign_aliases_finding ON campaign_aliases (finding) WHERE finding <> '';

-- Acts on campaigns that survive regrouping, with the findings or keys that they refer to.
CREATE TABLE campaign_pins (
    act      BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    finding  TEXT NOT NULL,
    key_hash BIGINT NOT NULL,
    into_finding  TEXT NOT NULL,
    into_key BIGINT NOT NULL,
    PRIMARY KEY (act, finding, key_hash)
);
CREATE INDEX campaign_pins_finding ON campaign_pins (finding) WHERE finding <> '';
CREATE INDEX campaign_pins_into ON campaign_pins (into_finding) WHERE into_finding <> '';

-- Findings whose campaign must be checked again because something has left it.
CREATE TABLE campaign_dirty (
    campaign BIGINT PRIMARY KEY
);

-- All ids that lead to a campaign.
CREATE VIEW campaign_names AS
SELECT id, campaign FROM campaigns
UNION ALL
SELECT a.id, m.campaign FROM campaign_aliases a JOIN campaign_members m ON m.finding = a.finding AND m.place = 0 WHERE a.finding <> ''
UNION ALL
SELECT a.id, k.campaign FROM campaign_aliases a JOIN campaign_keys k ON k.key_hash = a.key_hash WHERE a.finding = '';

-- Standings of campaigns, and who has tasks.
CREATE INDEX standings_campaigns ON standings (subject) WHERE subject_kind = 'campaign';
CREATE INDEX standings_assignee ON standings (assignee, subject) WHERE assignee <> '';

-- Parked subjects that come back at a number of sites.
CREATE INDEX standings_parked_sites ON standings (subject) WHERE parked_sites > 0;

-- All existing findings are queued for grouping.
INSERT INTO outbox (consumer, finding, seq, at, deleted)
SELECT 'campaigns', id, row_number() OVER (ORDER BY first_seen, id), first_seen, 0 FROM findings;

-- +goose Down
DELETE FROM outbox WHERE consumer = 'campaigns';
DROP INDEX standings_parked_sites;
DROP INDEX standings_assignee;
DROP INDEX standings_campaigns;
DROP VIEW campaign_names;
DROP TABLE campaign_dirty;
DROP TABLE campaign_pins;
DROP TABLE campaign_aliases;
DROP TABLE campaign_counts;
DROP TABLE campaign_owners;
DROP TABLE campaign_members;
DROP TABLE campaign_findings;
DROP TABLE campaign_shapes;
DROP TABLE campaign_keys;
DROP TABLE campaign_bands;
DROP TABLE campaigns;
DROP TABLE campaign_state;
