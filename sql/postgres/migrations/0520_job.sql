-- Work that takes longer than somebody waits for an answer, and what came of it.

-- +goose Up
CREATE TABLE job (
    id         text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply')),
    by_whom    text NOT NULL,
    role       text NOT NULL,
    needs      text[] NOT NULL,
    tenant     text NOT NULL,
    branch     text NOT NULL,
    subject    text NOT NULL,
    asked      text NOT NULL,
    node       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'lost')),
    done       bigint NOT NULL DEFAULT 0,
    total      bigint NOT NULL DEFAULT 0,
    note       text NOT NULL DEFAULT '',
    figures    bigint[] NOT NULL DEFAULT '{}',
    link       text NOT NULL DEFAULT '',
    file       text NOT NULL DEFAULT '',
    size       bigint NOT NULL DEFAULT 0,
    stop_by    text NOT NULL DEFAULT '',
    asked_at   timestamptz NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz,
    -- Its process says that it lives, by the clock of the database: those of machines differ.
    beat_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((state IN ('queued', 'running')) = (ended_at IS NULL))
);
-- The same is never done twice at a time.
CREATE UNIQUE INDEX job_alone ON job (kind, subject) WHERE subject <> '' AND ended_at IS NULL;
CREATE INDEX job_alive ON job (beat_at) WHERE ended_at IS NULL;
CREATE INDEX job_asked ON job (asked_at);
CREATE INDEX job_by ON job (by_whom, asked_at);

-- Results in parts: none is ever whole in memory.
CREATE TABLE job_part (
    job     text NOT NULL REFERENCES job ON DELETE CASCADE,
    seq     integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (job, seq)
);
ALTER TABLE job_part ALTER COLUMN content SET STORAGE EXTERNAL;

-- +goose Down
DROP TABLE job_part, job;
