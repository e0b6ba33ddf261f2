-- How tenants are invoiced, what was counted for them by others, and the documents. What was issued is never changed: what
-- becomes of it is told by events.

-- +goose Up
CREATE TABLE billing_profile (
    tenant      text PRIMARY KEY, -- Empty: the operator's, which holds for all.
    spec        jsonb NOT NULL,
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL
);

-- Counters that others keep: storage, recording, modules. The same reading may be sent again.
CREATE TABLE counter_reading (
    tenant   text NOT NULL CHECK (tenant <> ''),
    counter  text NOT NULL CHECK (counter ~ '^[a-z][a-z0-9_]{0,62}$'),
    branch   text NOT NULL,
    at       timestamptz NOT NULL,
    value    bigint NOT NULL CHECK (value >= 0),
    PRIMARY KEY (tenant, counter, branch, at)
);

-- The numbers of documents have no gaps: the row is locked from taking a number to keeping the document.
CREATE TABLE invoice_series (
    series  text PRIMARY KEY,
    last    bigint NOT NULL CHECK (last >= 0),
    hash    text NOT NULL -- Of the last document; it stands in the next one.
);

CREATE TABLE invoice (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    series       text NOT NULL REFERENCES invoice_series,
    serial       bigint NOT NULL CHECK (serial > 0),
    number       text NOT NULL UNIQUE,
    tenant       text NOT NULL,
    currency     text NOT NULL,
    period       text NOT NULL,
    period_from  timestamptz NOT NULL,
    period_till  timestamptz NOT NULL CHECK (period_till > period_from),
    total        bigint NOT NULL,
    issued_at    timestamptz NOT NULL,
    due_at       timestamptz,
    credits      bigint REFERENCES invoice,
    document     text NOT NULL,
    hash         text NOT NULL,
    UNIQUE (series, serial),
    CHECK ((kind = 'credit_note') = (credits IS NOT NULL))
);
CREATE UNIQUE INDEX invoice_period ON invoice (tenant, period_from) WHERE kind = 'invoice';
CREATE INDEX invoice_credits ON invoice (credits) WHERE credits IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION invoice_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'documents that were issued are never changed or removed: issue a credit note instead';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER invoice_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_is_final();

CREATE TABLE invoice_event (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice  bigint NOT NULL REFERENCES invoice,
    state    text NOT NULL CHECK (state IN ('issued', 'sent', 'paid', 'credited')),
    note     text NOT NULL,
    done_by  text NOT NULL,
    done_at  timestamptz NOT NULL
);
CREATE INDEX invoice_event_invoice ON invoice_event (invoice, id);

-- +goose Down
DROP TABLE invoice_event, invoice;
DROP FUNCTION invoice_is_final;
DROP TABLE invoice_series, counter_reading, billing_profile;
