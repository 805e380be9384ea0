-- +goose NO TRANSACTION
-- +goose Up
-- Rewrites the database without the queries that migration 21 removed: they may still be in the gaps of its
-- pages.
VACUUM;

-- +goose Down
