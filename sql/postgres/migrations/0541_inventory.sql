-- The numbers that the house has. Who a number leads to is said by what is provisioned; what is here is what that does not say.

-- +goose Up
CREATE TABLE number_stock (
    number      text PRIMARY KEY CHECK (number ~ '^[0-9]{2,15}$'), -- E.164, digits only.
    class       text NOT NULL,
    status      text NOT NULL CHECK (status IN ('free', 'reserved', 'assigned', 'porting_in', 'porting_out', 'quarantine')),
    tenant      text NOT NULL,
    until       timestamptz,
    supplier    text NOT NULL,
    contract    text NOT NULL,
    setup       bigint NOT NULL CHECK (setup >= 0),   -- Millionths.
    monthly     bigint NOT NULL CHECK (monthly >= 0),
    currency    text NOT NULL,
    note        text NOT NULL,
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL
);

-- What became of each number, never changed.
CREATE TABLE number_event (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number   text NOT NULL,
    status   text NOT NULL,
    tenant   text NOT NULL,
    until    timestamptz,
    done_at  timestamptz NOT NULL,
    done_by  text NOT NULL
);
CREATE INDEX number_event_number ON number_event (number, id);

-- +goose Down
DROP TABLE number_event, number_stock;
