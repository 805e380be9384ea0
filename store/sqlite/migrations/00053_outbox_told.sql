-- +goose Up
-- The greatest seq of the outbox that a consumer has processed. No later change may get a smaller one, even
-- when the outbox is empty: an index refuses what is older than what it has.
CREATE TABLE outbox_told (
    consumer TEXT PRIMARY KEY,
    seq      BIGINT NOT NULL
);

-- +goose Down
DROP TABLE outbox_told;
