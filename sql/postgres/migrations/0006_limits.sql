-- What an operator changes about limits while calls run. It goes before what is provisioned, and is looked at by every
-- reservation, so it is in force with the commit.

-- +goose Up
-- Raised is added to the cap for the one period; aside is use that was set aside by a reset and counts no more.
ALTER TABLE limit_counter
    ADD COLUMN raised_money bigint NOT NULL DEFAULT 0, ADD COLUMN raised_seconds bigint NOT NULL DEFAULT 0,
    ADD COLUMN raised_calls bigint NOT NULL DEFAULT 0, ADD COLUMN aside_money bigint NOT NULL DEFAULT 0,
    ADD COLUMN aside_seconds bigint NOT NULL DEFAULT 0, ADD COLUMN aside_calls bigint NOT NULL DEFAULT 0;

-- A cap set by hand. A measure that is null is left as it is provisioned.
CREATE TABLE limit_setting (
    account  text NOT NULL REFERENCES account,
    scope    text NOT NULL CHECK (scope IN ('tenant', 'branch', 'extension')),
    owner    text NOT NULL CHECK ((owner = '') = (scope = 'tenant')),
    period   text NOT NULL CHECK (period IN ('day', 'week', 'month')),
    money    bigint CHECK (money >= 0),
    seconds  bigint CHECK (seconds >= 0),
    calls    bigint CHECK (calls >= 0),
    PRIMARY KEY (account, scope, owner, period),
    CHECK (num_nonnulls(money, seconds, calls) > 0)
);

-- Who may spend nothing: a branch or an extension, or nobody on numbers that begin so.
CREATE TABLE spending_block (
    account  text NOT NULL REFERENCES account,
    scope    text NOT NULL CHECK (scope IN ('branch', 'extension', 'destination')),
    owner    text NOT NULL CHECK (owner <> ''),
    reason   text NOT NULL CHECK (reason <> ''),
    since    timestamptz NOT NULL,
    PRIMARY KEY (account, scope, owner)
);

-- Who did what to limits, and why.
CREATE TABLE limit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account  text NOT NULL REFERENCES account,
    scope    text NOT NULL,
    owner    text NOT NULL,
    what     text NOT NULL CHECK (what IN ('set', 'clear', 'raise', 'reset', 'block', 'unblock', 'suspend', 'resume')),
    detail   text NOT NULL,
    reason   text NOT NULL CHECK (reason <> ''),
    done_by  text NOT NULL,
    done_at  timestamptz NOT NULL
);
CREATE INDEX limit_log_account ON limit_log (account, id);

-- +goose Down
DROP TABLE limit_log, spending_block, limit_setting;
ALTER TABLE limit_counter DROP COLUMN raised_money, DROP COLUMN raised_seconds, DROP COLUMN raised_calls,
    DROP COLUMN aside_money, DROP COLUMN aside_seconds, DROP COLUMN aside_calls;
