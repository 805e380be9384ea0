-- +goose Up
-- What an authorisation permits or requires besides a plain visit. Intervals between visits are in
-- milliseconds, 0 for the collector's default.

ALTER TABLE authorisations ADD COLUMN revisit_min BIGINT NOT NULL DEFAULT 0;
ALTER TABLE authorisations ADD COLUMN revisit_max BIGINT NOT NULL DEFAULT 0;
ALTER TABLE authorisations ADD COLUMN robots_waiver TEXT NOT NULL DEFAULT '';
ALTER TABLE authorisations ADD COLUMN views TEXT NOT NULL DEFAULT '[]';
ALTER TABLE authorisations ADD COLUMN crawler_basis TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE authorisations DROP COLUMN revisit_min;
ALTER TABLE authorisations DROP COLUMN revisit_max;
ALTER TABLE authorisations DROP COLUMN robots_waiver;
ALTER TABLE authorisations DROP COLUMN views;
ALTER TABLE authorisations DROP COLUMN crawler_basis;
