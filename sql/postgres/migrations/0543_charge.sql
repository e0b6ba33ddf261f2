-- Lines of invoices that somebody made by hand. They stand on the document of the period that their day is in; what was taken back
-- stays here with who did it.

-- +goose Up
CREATE TABLE charge (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key       text UNIQUE,
    tenant    text NOT NULL CHECK (tenant <> ''),
    branch    text NOT NULL,
    day       date NOT NULL,
    text      text NOT NULL CHECK (text <> ''),
    amount    bigint NOT NULL CHECK (amount <> 0),
    made_at   timestamptz NOT NULL,
    made_by   text NOT NULL,
    taken_at  timestamptz,
    taken_by  text,
    reason    text,
    CHECK ((taken_at IS NULL) = (taken_by IS NULL))
);
CREATE INDEX charge_tenant ON charge (tenant, day) WHERE taken_at IS NULL;

-- +goose Down
DROP TABLE charge;
