-- +goose NO TRANSACTION
-- +goose Up
-- Writes the database anew, without the queries that migration 21 took out of it:
-- they may still be in the gaps of its pages.
VACUUM;

-- +goose Down
