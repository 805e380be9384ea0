-- +goose Up
-- decider is the account whose decision waits for a second review or for a lead, '' where reviewing is 0:
-- nobody reviews their own decision, and every page shows how many reviews wait.
ALTER TABLE campaign_findings ADD COLUMN decider TEXT NOT NULL DEFAULT '';
UPDATE campaign_findings SET decider = coalesce((SELECT decided_by FROM standings WHERE subject = finding AND subject_kind = 'finding'), '') WHERE reviewing = 1;
CREATE INDEX campaign_findings_reviewing ON campaign_findings (campaign, decider, authorisation, category, finding) WHERE reviewing = 1;

-- +goose Down
DROP INDEX campaign_findings_reviewing;
ALTER TABLE campaign_findings DROP COLUMN decider;
