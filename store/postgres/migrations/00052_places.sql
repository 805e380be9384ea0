-- +goose Up
-- The places of those parts of the outpost that are stored outside the store: with another place, a
-- process would update an index, or search an archive, that has none of its data.
CREATE TABLE places (
  part  TEXT PRIMARY KEY NOT NULL,
  place TEXT NOT NULL
);

-- +goose Down
DROP TABLE places;
