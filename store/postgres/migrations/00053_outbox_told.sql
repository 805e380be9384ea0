-- +goose Up
-- The greatest seq of the outbox that a consumer was told. That of a change never comes again, even
-- after all of them were told: an index refuses what is older than what it has.
CREATE TABLE outbox_told (
    consumer TEXT PRIMARY KEY,
    seq      BIGINT NOT NULL
);

-- +goose Down
DROP TABLE outbox_told;
