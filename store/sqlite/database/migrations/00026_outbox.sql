-- +goose Up
-- The outbox has the changed findings that a consumer of findings (the search index)
-- was not told yet: a row a finding, however often it changed. seq grows with each
-- change; at is when the first change was that the consumer does not know. deleted is 1
-- if the finding was deleted since, even if it was found anew after that.
CREATE TABLE outbox (
    consumer TEXT NOT NULL,
    finding  TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    deleted  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, finding)
);
CREATE UNIQUE INDEX outbox_seq ON outbox (consumer, seq);

-- +goose Down
DROP TABLE outbox;
