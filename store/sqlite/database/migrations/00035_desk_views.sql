-- +goose Up
-- When the first of a campaign's undecided findings is overdue, for the list and its count.
CREATE INDEX campaign_counts_due ON campaign_counts (authorisation, category, due) WHERE due IS NOT NULL;

-- +goose Down
DROP INDEX campaign_counts_due;
