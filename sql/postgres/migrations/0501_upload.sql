-- Files that somebody looks at before they are put in force.

-- +goose Up
CREATE TABLE upload (
    id      text PRIMARY KEY,
    by_whom text NOT NULL,
    name    text NOT NULL,
    content bytea NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX upload_at ON upload (at);

-- +goose Down
DROP TABLE upload;
