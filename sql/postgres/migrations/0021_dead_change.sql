-- What operators did about legs that could not be rated: times that were mended, and legs that were written off. The leg as it came is kept.

-- +goose Up
CREATE TABLE dead_change (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dead    bigint NOT NULL REFERENCES dead_leg,
    what    text NOT NULL CHECK (what IN ('mended', 'written_off')),
    reason  text NOT NULL CHECK (reason <> ''),
    done_by text NOT NULL CHECK (done_by <> ''),
    before  bytea NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX dead_change_dead ON dead_change (dead);

-- +goose Down
DROP TABLE dead_change;
