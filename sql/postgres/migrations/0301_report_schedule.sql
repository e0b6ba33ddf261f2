-- Reports that are sent by mail, when each is due next, and what became of it.

-- +goose Up
CREATE TABLE report_schedule (
    id          text PRIMARY KEY CHECK (id <> ''),
    spec        jsonb NOT NULL,
    due_at      timestamptz NOT NULL,  -- The report is made as of then.
    try_at      timestamptz NOT NULL,  -- When somebody may try: later than due_at after a failure, or while somebody does.
    tries       integer NOT NULL DEFAULT 0,
    sent_at     timestamptz,
    failure     text NOT NULL DEFAULT '',
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL
);
CREATE INDEX report_schedule_try ON report_schedule (try_at);

-- +goose Down
DROP TABLE report_schedule;
