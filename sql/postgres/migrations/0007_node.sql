-- The proxies that hold money. All calls that a proxy began before clean_at are over and their legs are in the stream;
-- those that it began before settled_at were accounted for as well, so what is still held for them was never used.

-- +goose Up
CREATE TABLE node (
    name          text PRIMARY KEY CHECK (name <> ''),
    seen_at       timestamptz NOT NULL,
    clean_at      timestamptz NOT NULL,
    settled_at    timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z',
    given_up_at   timestamptz,
    given_up_why  text NOT NULL DEFAULT '',
    CHECK (settled_at <= clean_at OR given_up_at IS NOT NULL),
    CHECK ((given_up_at IS NULL) = (given_up_why = ''))
);
CREATE INDEX hold_open_node ON hold (node) WHERE closed_at IS NULL;

-- +goose Down
DROP INDEX hold_open_node;
DROP TABLE node;
