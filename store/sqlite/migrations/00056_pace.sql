-- +goose Up
-- The interval in milliseconds booked with a host's last lease or turn: how long the host rests after its
-- holder has died.
ALTER TABLE hosts ADD COLUMN pace INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hosts DROP COLUMN pace;
