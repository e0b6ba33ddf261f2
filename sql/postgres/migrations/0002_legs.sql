-- +goose Up
-- The legs that were accounted for. Call ids are UUIDv7 and so begin with their time: the table is partitioned by their
-- day, and a day is dropped when none of its legs can come again.
CREATE TABLE rated_leg (
    call  uuid NOT NULL,
    seq   integer NOT NULL,
    PRIMARY KEY (call, seq)
) PARTITION BY RANGE (call);
CREATE TABLE rated_leg_other PARTITION OF rated_leg DEFAULT;

-- Up to where each part of the stream was accounted for. This, not the broker's offset, says where to go on.
CREATE TABLE stream_mark (
    topic  text NOT NULL,
    part   integer NOT NULL,
    next   bigint NOT NULL CHECK (next >= 0),
    PRIMARY KEY (topic, part)
);

-- Legs that could not be rated. An invoice of their period waits for them.
CREATE TABLE dead_leg (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call        uuid,
    seq         integer,
    tenant      text NOT NULL DEFAULT '',
    carrier     text NOT NULL DEFAULT '',
    slot        timestamptz,
    reason      text NOT NULL CHECK (reason <> ''),
    detail      text NOT NULL,
    message     bytea NOT NULL,
    batch       bigint NOT NULL REFERENCES batch,
    died_at     timestamptz NOT NULL,
    retries     integer NOT NULL DEFAULT 0,
    settled_by  bigint REFERENCES batch,
    CHECK ((call IS NULL) = (seq IS NULL))
);
CREATE UNIQUE INDEX dead_leg_identity ON dead_leg (call, seq);
CREATE INDEX dead_leg_open ON dead_leg (tenant, slot) WHERE settled_by IS NULL;
CREATE INDEX dead_leg_batch ON dead_leg (batch);

-- What was used of allowances and volume tiers.
CREATE TABLE usage_counter (
    tenant   text NOT NULL,
    tariff   text NOT NULL,
    name     text NOT NULL,
    measure  text NOT NULL,
    scope    text NOT NULL,
    owner    text NOT NULL,
    starts   bigint NOT NULL,
    used     bigint NOT NULL,
    PRIMARY KEY (tenant, tariff, name, measure, scope, owner, starts)
) WITH (fillfactor = 70);

-- +goose Down
DROP TABLE usage_counter, dead_leg, stream_mark, rated_leg;
