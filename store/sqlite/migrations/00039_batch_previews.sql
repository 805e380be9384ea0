-- +goose Up
-- What a batch consists of, in JSON (store/sqlstore/queue, Counted): counting the members of a
-- large one takes a second, and its page is looked at more than once. '' while it is counted.
-- Hosts stand in it, so all rows go when a finding is deleted; what has none is counted anew.
CREATE TABLE batch_previews (
    batch   BIGINT PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    preview TEXT NOT NULL
);
CREATE INDEX batches_account ON batches (account, id);
-- The members of a campaign on one site: of a site there are fewer findings than of a campaign.
CREATE INDEX campaign_findings_owner ON campaign_findings (owner, first_seen, finding);

-- +goose Down
DROP INDEX campaign_findings_owner;
DROP INDEX batches_account;
DROP TABLE batch_previews;
