-- Calls that are priced again. Nothing is overwritten: a call that costs something else now gets the reversal of its record
-- and a new one, in one batch, with postings of the difference.

-- +goose Up
-- What a leg used of allowances and tiers, so that it can be taken back. Legs that used nothing have no row.
CREATE TABLE leg_use (
    call  uuid NOT NULL,
    seq   integer NOT NULL,
    uses  jsonb NOT NULL,
    PRIMARY KEY (call, seq)
);

CREATE TABLE rerate (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope      text NOT NULL,
    from_slot  timestamptz NOT NULL,
    till_slot  timestamptz NOT NULL CHECK (till_slot > from_slot),
    reason     text NOT NULL CHECK (reason <> ''),
    done_by    text NOT NULL,
    begun_at   timestamptz NOT NULL,
    done_at    timestamptz,
    undoes     bigint REFERENCES rerate,
    UNIQUE (undoes)
);

-- The batches of each, one transaction each; a run that was killed has some of them and no done_at.
CREATE TABLE rerate_batch (
    rerate  bigint NOT NULL REFERENCES rerate,
    batch   bigint PRIMARY KEY REFERENCES batch,
    legs    integer NOT NULL CHECK (legs > 0)
);
CREATE INDEX rerate_batch_of ON rerate_batch (rerate, batch);

-- The batch that has the record in force of every leg that was priced again, and what it used before that batch.
CREATE TABLE rerated_leg (
    call   uuid NOT NULL,
    seq    integer NOT NULL,
    batch  bigint NOT NULL REFERENCES batch,
    PRIMARY KEY (call, seq)
);
CREATE TABLE rerated_use (
    batch  bigint NOT NULL REFERENCES batch,
    call   uuid NOT NULL,
    seq    integer NOT NULL,
    uses   jsonb NOT NULL,
    PRIMARY KEY (batch, call, seq)
);

-- +goose Down
DROP TABLE rerated_use, rerated_leg, rerate_batch, rerate, leg_use;
