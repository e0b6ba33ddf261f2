-- Proxies are known by the identity of their data folder; a name is a label that one of them has at a time. Whether a call of theirs is over
-- is judged by the order in which the ledger made holds, and by no clock.

-- +goose Up
-- Every hold has a number, in the order in which they were made. A proxy knows up to which number all calls that it began are over. kept_at is the
-- ledger's own time; it counts for proxies alone that were given up.
CREATE SEQUENCE hold_seq;
ALTER TABLE hold ADD COLUMN seq bigint NOT NULL DEFAULT 0, ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE hold ALTER COLUMN seq SET DEFAULT nextval('hold_seq'), ALTER COLUMN kept_at SET DEFAULT clock_timestamp();

-- Those that were known by their names keep them as identities until their processes bring one.
ALTER TABLE node DROP CONSTRAINT node_pkey, DROP COLUMN clean_at, DROP COLUMN settled_at,
    ADD COLUMN id text, ADD COLUMN life text NOT NULL DEFAULT '', ADD COLUMN beats bigint NOT NULL DEFAULT 0,
    ADD COLUMN clean_seq bigint NOT NULL DEFAULT -1, ADD COLUMN settled_seq bigint NOT NULL DEFAULT -1,
    ADD COLUMN disputed_at timestamptz;
UPDATE node SET id = name;
ALTER TABLE node ADD PRIMARY KEY (id), ADD CHECK (id <> ''), ADD CHECK (settled_seq <= clean_seq);
CREATE UNIQUE INDEX node_name ON node (name) WHERE given_up_at IS NULL;

-- What became of proxies, and what operators did about them and what was damaged on their disks.
CREATE TABLE node_event (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node    text NOT NULL,
    name    text NOT NULL,
    what    text NOT NULL CHECK (what IN ('registered', 'adopted', 'renamed', 'given_up', 'back', 'disputed', 'resolved', 'damage_sent', 'damage_settled')),
    reason  text NOT NULL DEFAULT '',
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- +goose Down
DROP TABLE node_event;
DROP INDEX node_name;
DELETE FROM node WHERE given_up_at IS NOT NULL;
ALTER TABLE node DROP CONSTRAINT node_pkey, DROP COLUMN id, DROP COLUMN life, DROP COLUMN beats, DROP COLUMN clean_seq, DROP COLUMN settled_seq,
    DROP COLUMN disputed_at, ADD COLUMN clean_at timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z',
    ADD COLUMN settled_at timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z', ADD PRIMARY KEY (name);
ALTER TABLE hold DROP COLUMN seq, DROP COLUMN kept_at;
DROP SEQUENCE hold_seq;
