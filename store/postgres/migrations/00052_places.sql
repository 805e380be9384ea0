-- +goose Up
-- Where the parts of the outpost are that are kept beside the store: whoever names another place
-- would tell an index, or look into an archive, that has nothing of it.
CREATE TABLE places (
  part  TEXT PRIMARY KEY NOT NULL,
  place TEXT NOT NULL
);

-- +goose Down
DROP TABLE places;
