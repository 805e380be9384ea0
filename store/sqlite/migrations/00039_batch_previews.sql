-- +goose Up
-- The composition of a batch, in JSON (store/sqlstore/queue, Counted): counting the members of a large one
-- takes a second, and its page is viewed more than once. '' while it is being counted. It contains hosts,
-- so all rows are removed when a finding is deleted; a batch without a row is counted again.
CREATE TABLE batch_previews (
    batch   BIGINT PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    preview TEXT NOT NULL
);
CREATE INDEX batches_account ON batches (account, id);
-- The members of a campaign on one site: a site has fewer findings than a campaign.
CREATE INDEX campaign_findings_owner ON campaign_findings (owner, first_seen, finding);

-- +goose Down
DROP INDEX campaign_findings_owner;
DROP INDEX batches_account;
DROP TABLE batch_previews;
