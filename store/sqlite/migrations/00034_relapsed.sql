-- +goose Up
-- Every view of a campaign asks when its relapsed findings came back; without the index that reads all its
-- findings.
CREATE INDEX campaign_findings_relapsed ON campaign_findings (campaign) WHERE relapsed = 1;

-- +goose Down
DROP INDEX campaign_findings_relapsed;
