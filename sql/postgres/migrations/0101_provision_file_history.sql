-- +goose Up

-- Which content a file had from which revision on, so that a price list can be taken back.
CREATE TABLE provision_file_history (
    name       text        NOT NULL,
    revision   bigint      NOT NULL,
    sha256     bytea       NOT NULL REFERENCES provision_blob,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL,
    PRIMARY KEY (name, revision)
);
INSERT INTO provision_file_history (name, revision, sha256, changed_at, changed_by)
SELECT name, revision, sha256, now(), 'before history' FROM provision_file;

-- +goose Down
DROP TABLE provision_file_history;
