-- +goose Up
-- The kind of the last attempt's failure, and its values, as a JSON list: the console words it in its
-- reader's language. Older deliveries have only the English text.
ALTER TABLE notice_deliveries ADD COLUMN fault TEXT NOT NULL DEFAULT '';
-- Somebody may have the report of a period sent again; notice_schedules.sent makes sure that it is created
-- automatically only once.
DROP INDEX notice_deliveries_period;
CREATE INDEX notice_deliveries_period ON notice_deliveries (schedule, period_to) WHERE schedule <> '';

-- +goose Down
DELETE FROM notice_deliveries WHERE schedule <> '' AND number NOT IN (SELECT max(number) FROM notice_deliveries WHERE schedule <> '' GROUP BY schedule, period_to);
DROP INDEX notice_deliveries_period;
CREATE UNIQUE INDEX notice_deliveries_period ON notice_deliveries (schedule, period_to) WHERE schedule <> '';
ALTER TABLE notice_deliveries DROP COLUMN fault;
