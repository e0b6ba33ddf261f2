-- Who this ledger is, and what its batches and marks belong to. A database that is restored from a backup, or a replica that
-- was behind and takes over, hands the same numbers out again: a batch is therefore known by its number and a random key, and a
-- mark by the topic's id (KIP-516) and a fingerprint of the message before it, never by name and number alone.

-- +goose Up
CREATE TABLE ledger_identity (
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    made_at   timestamptz NOT NULL DEFAULT now(),
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);
INSERT INTO ledger_identity DEFAULT VALUES;

-- The packed records of a batch outlive its storing for a while, so that a store of calls that was restored can be filled again.
ALTER TABLE batch ADD COLUMN key bigint NOT NULL DEFAULT 0;
ALTER TABLE batch DROP CONSTRAINT batch_check1;
ALTER TABLE batch ADD CONSTRAINT batch_waits_packed CHECK (blob IS NOT NULL OR stored_at IS NOT NULL);
CREATE INDEX batch_packed ON batch (stored_at) WHERE blob IS NOT NULL AND stored_at IS NOT NULL;

ALTER TABLE stream_mark ADD COLUMN topic_id text NOT NULL DEFAULT '', ADD COLUMN last bigint NOT NULL DEFAULT 0;

-- What did not match and what became of it: stores that went back in time, topics made anew, legs that are missing.
CREATE TABLE incident (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind <> ''),
    subject     text NOT NULL,
    detail      text NOT NULL,
    noticed_at  timestamptz NOT NULL,
    healed_at   timestamptz,
    outcome     text NOT NULL DEFAULT '',
    CHECK ((healed_at IS NULL) = (outcome = ''))
);
CREATE UNIQUE INDEX incident_open ON incident (kind, subject) WHERE healed_at IS NULL;

-- +goose Down
DROP TABLE incident, ledger_identity;
ALTER TABLE stream_mark DROP COLUMN topic_id, DROP COLUMN last;
DROP INDEX batch_packed;
ALTER TABLE batch DROP CONSTRAINT batch_waits_packed, DROP COLUMN key;
