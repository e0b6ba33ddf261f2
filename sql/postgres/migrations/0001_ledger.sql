-- Money. Amounts are millionths of the currency's unit. Every row that changes a balance is locked by way of its
-- account: who changes holds, limits or balances of an account has locked its row first, and who needs several accounts
-- locks those of tenants before all others and each group in the order of their ids.

-- +goose Up
CREATE TABLE account (
    id            text PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('tenant', 'carrier', 'revenue', 'cost', 'payment', 'correction')),
    owner         text NOT NULL CHECK (owner <> ''),
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    credit_limit  bigint NOT NULL DEFAULT 0 CHECK (credit_limit >= 0),
    debits        bigint NOT NULL DEFAULT 0 CHECK (debits >= 0),
    credits       bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    pending       bigint NOT NULL DEFAULT 0 CHECK (pending >= 0),
    suspended     boolean NOT NULL DEFAULT false,
    reason        text NOT NULL DEFAULT '',
    opened_at     timestamptz NOT NULL,
    CHECK (id = kind || '/' || owner || '/' || currency),
    UNIQUE (id, currency)
) WITH (fillfactor = 70);

-- One batch of legs that was rated and posted. The blob holds its records until they are stored in ClickHouse too.
CREATE TABLE batch (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source     text NOT NULL CHECK (source <> ''),
    parts      integer[] NOT NULL DEFAULT '{}',
    firsts     bigint[] NOT NULL DEFAULT '{}',
    nexts      bigint[] NOT NULL DEFAULT '{}',
    legs       integer NOT NULL CHECK (legs >= 0),
    records    integer NOT NULL CHECK (records >= 0),
    dead       integer NOT NULL CHECK (dead >= 0),
    blob       bytea,
    made_at    timestamptz NOT NULL,
    stored_at  timestamptz,
    CHECK (cardinality(parts) = cardinality(firsts) AND cardinality(parts) = cardinality(nexts)),
    CHECK ((blob IS NULL) = (stored_at IS NOT NULL))
);
ALTER TABLE batch ALTER COLUMN blob SET STORAGE EXTERNAL;
CREATE INDEX batch_waiting ON batch (id) WHERE stored_at IS NULL;

-- A posting debits one account and credits another with the same amount, so all accounts together are always at zero.
CREATE TABLE posting (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose    text NOT NULL CHECK (purpose IN ('usage_sale', 'usage_cost', 'top_up', 'adjustment', 'opening', 'charge')),
    debit      text NOT NULL,
    credit     text NOT NULL,
    currency   text NOT NULL,
    amount     bigint NOT NULL CHECK (amount >= 0),
    slot       timestamptz NOT NULL,
    legs       bigint NOT NULL DEFAULT 0,
    batch      bigint REFERENCES batch,
    key        text UNIQUE CHECK (key <> ''),
    reason     text NOT NULL DEFAULT '',
    posted_at  timestamptz NOT NULL,
    CHECK (debit <> credit),
    CHECK ((purpose IN ('usage_sale', 'usage_cost')) = (batch IS NOT NULL)),
    CHECK ((batch IS NULL) = (key IS NOT NULL)),
    CHECK (purpose <> 'adjustment' OR reason <> ''),
    FOREIGN KEY (debit, currency) REFERENCES account (id, currency),
    FOREIGN KEY (credit, currency) REFERENCES account (id, currency)
);
CREATE INDEX posting_debit ON posting (debit, slot);
CREATE INDEX posting_credit ON posting (credit, slot);

-- +goose StatementBegin
CREATE FUNCTION posting_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'postings are never changed or removed: post a reversal instead';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER posting_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION posting_is_final();

-- What is used under a limit in one of its periods, and what is held under it for calls in progress.
CREATE TABLE limit_counter (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text NOT NULL REFERENCES account,
    scope         text NOT NULL CHECK (scope IN ('tenant', 'branch', 'extension')),
    owner         text NOT NULL,
    period        text NOT NULL CHECK (period IN ('day', 'week', 'month')),
    starts        timestamptz NOT NULL,
    used_money    bigint NOT NULL DEFAULT 0,
    used_seconds  bigint NOT NULL DEFAULT 0,
    used_calls    bigint NOT NULL DEFAULT 0,
    held_money    bigint NOT NULL DEFAULT 0 CHECK (held_money >= 0),
    held_seconds  bigint NOT NULL DEFAULT 0 CHECK (held_seconds >= 0),
    held_calls    bigint NOT NULL DEFAULT 0 CHECK (held_calls >= 0),
    UNIQUE (account, scope, owner, period, starts)
) WITH (fillfactor = 70);

-- Money held for a call in progress. A closed hold stays for a while, so that a request that comes late does not open
-- it again; it holds nothing.
CREATE TABLE hold (
    call        uuid PRIMARY KEY,
    account     text NOT NULL REFERENCES account,
    node        text NOT NULL,
    amount      bigint NOT NULL CHECK (amount >= 0),
    seconds     bigint NOT NULL CHECK (seconds >= 0),
    limits      bigint[] NOT NULL,
    made_at     timestamptz NOT NULL,
    touched_at  timestamptz NOT NULL,
    closed_at   timestamptz,
    CHECK (closed_at IS NULL OR amount = 0)
) WITH (fillfactor = 70);
CREATE INDEX hold_made ON hold (made_at);

-- +goose Down
DROP TABLE hold, limit_counter, posting, batch, account;
DROP FUNCTION posting_is_final;
