-- +goose Up
-- When the relapsed findings of a campaign came back is asked whenever it is shown; without
-- the index all its findings are read for that.
CREATE INDEX campaign_findings_relapsed ON campaign_findings (campaign) WHERE relapsed = 1;

-- +goose Down
DROP INDEX campaign_findings_relapsed;
