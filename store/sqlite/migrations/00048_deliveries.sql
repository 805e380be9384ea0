-- +goose Up
-- What kind of failure the last attempt had, and its values, as a list of JSON: the console says it
-- in the language of its reader. Deliveries from before have the English text alone.
ALTER TABLE notice_deliveries ADD COLUMN fault TEXT NOT NULL DEFAULT '';
-- Somebody may have the report of a period sent again; by itself it is made once, which
-- notice_schedules.sent sees to.
DROP INDEX notice_deliveries_period;
CREATE INDEX notice_deliveries_period ON notice_deliveries (schedule, period_to) WHERE schedule <> '';

-- +goose Down
DELETE FROM notice_deliveries WHERE schedule <> '' AND number NOT IN (SELECT max(number) FROM notice_deliveries WHERE schedule <> '' GROUP BY schedule, period_to);
DROP INDEX notice_deliveries_period;
CREATE UNIQUE INDEX notice_deliveries_period ON notice_deliveries (schedule, period_to) WHERE schedule <> '';
ALTER TABLE notice_deliveries DROP COLUMN fault;
