-- +goose Up
-- The interval in milliseconds that was booked with a host's last lease or turn: what it rests for when
-- their holder has died.
ALTER TABLE hosts ADD COLUMN pace INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hosts DROP COLUMN pace;
