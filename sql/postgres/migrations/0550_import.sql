-- Imports: which reading of records brought which calls, so that it can be taken back or read anew.

-- +goose Up
CREATE TABLE import (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant     text NOT NULL,
    pbx        text NOT NULL,
    origin     text NOT NULL,
    stream     text NOT NULL, -- Tells a file that is followed from others of its name; empty for what is read at once.
    way        text NOT NULL CHECK (way IN ('file', 'upload', 'collect', 'again')),
    done_by    text NOT NULL,
    settings   jsonb NOT NULL, -- How the PBX was set up.
    again      bigint REFERENCES import,
    reference  timestamptz NOT NULL, -- Records without a year are not later than a day after it.
    first_day  timestamptz, -- Of records that have a time and no day.
    strict     boolean NOT NULL, -- A last line that nothing ended is no record.
    begun_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    lines      bigint NOT NULL DEFAULT 0,
    calls      bigint NOT NULL DEFAULT 0,
    unusable   bigint NOT NULL DEFAULT 0,
    undo       bigint REFERENCES rerate
);
CREATE UNIQUE INDEX import_stream ON import (tenant, pbx, stream) WHERE stream <> '' AND undo IS NULL;
CREATE INDEX import_pbx ON import (tenant, pbx, id);
CREATE INDEX import_undo ON import (undo) WHERE undo IS NOT NULL;

-- The calls of an import, 16 bytes each, some thousand a row.
CREATE TABLE import_part (
    import      bigint NOT NULL REFERENCES import ON DELETE CASCADE,
    part        integer NOT NULL,
    calls       bytea NOT NULL CHECK (length(calls) % 16 = 0),
    first_call  uuid NOT NULL,
    last_call   uuid NOT NULL,
    first_setup timestamptz NOT NULL,
    last_setup  timestamptz NOT NULL,
    PRIMARY KEY (import, part)
);

-- The text of an import, packed, by its place in the file.
CREATE TABLE import_text (
    import  bigint NOT NULL REFERENCES import ON DELETE CASCADE,
    at      bigint NOT NULL,
    packed  bytea NOT NULL,
    PRIMARY KEY (import, at)
);

-- Takings back: a re-rate each, which has the batches of their reversals.
CREATE TABLE withdrawal (
    undo        bigint PRIMARY KEY REFERENCES rerate,
    tenant      text NOT NULL,
    pbx         text NOT NULL,
    first_setup timestamptz NOT NULL,
    last_setup  timestamptz NOT NULL,
    legs        bigint NOT NULL,
    shared      bigint NOT NULL, -- Calls that stay, because other imports have them, too.
    ended_at    timestamptz
);
CREATE INDEX withdrawal_pbx ON withdrawal (tenant, pbx, undo);

-- Legs that were taken back. When their call is imported again, it has the next number.
CREATE TABLE withdrawn_leg (
    call    uuid NOT NULL,
    seq     integer NOT NULL,
    undo    bigint NOT NULL REFERENCES withdrawal,
    PRIMARY KEY (call, seq)
);
CREATE INDEX withdrawn_leg_undo ON withdrawn_leg (undo);

ALTER TABLE import_fault ADD COLUMN import bigint;
CREATE INDEX import_fault_digest ON import_fault (tenant, pbx, digest);
ALTER TABLE dead_change DROP CONSTRAINT dead_change_what_check;
ALTER TABLE dead_change ADD CONSTRAINT dead_change_what_check CHECK (what IN ('mended', 'written_off', 'withdrawn'));

ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates', 'import'));

-- +goose Down
DELETE FROM job WHERE kind = 'import';
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates'));
DELETE FROM dead_change WHERE what = 'withdrawn';
ALTER TABLE dead_change DROP CONSTRAINT dead_change_what_check;
ALTER TABLE dead_change ADD CONSTRAINT dead_change_what_check CHECK (what IN ('mended', 'written_off'));
DROP INDEX import_fault_digest;
ALTER TABLE import_fault DROP COLUMN import;
DROP TABLE withdrawn_leg, withdrawal, import_text, import_part, import;
