-- Alerts: the rules as they were applied last, what fires and fired, and the messages about it.

-- +goose Up
CREATE TABLE alert_rules (
    revision    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text        text NOT NULL,
    applied_at  timestamptz NOT NULL,
    applied_by  text NOT NULL
);

CREATE TABLE alarm (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule    text NOT NULL,
    tenant  text NOT NULL,
    owner   text NOT NULL,
    value   bigint NOT NULL,
    text    text NOT NULL,
    done    text NOT NULL,
    since   timestamptz NOT NULL,
    till    timestamptz
);
-- One alarm is open for each subject, whoever measures.
CREATE UNIQUE INDEX alarm_open ON alarm (rule, tenant, owner) WHERE till IS NULL;

CREATE TABLE alert_delivery (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm     bigint NOT NULL REFERENCES alarm,
    channel   text NOT NULL,
    state     text NOT NULL CHECK (state IN ('fires', 'cleared')),
    value     bigint NOT NULL,
    text      text NOT NULL,
    made_at   timestamptz NOT NULL,
    tries     integer NOT NULL DEFAULT 0,
    due_at    timestamptz,
    sent_at   timestamptz,
    error     text NOT NULL DEFAULT ''
);
CREATE INDEX alert_delivery_due ON alert_delivery (due_at) WHERE due_at IS NOT NULL;

-- +goose Down
DROP TABLE alert_delivery, alarm, alert_rules;
