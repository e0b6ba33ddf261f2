-- What keeps records from being dropped, blanked or erased, and what went where.

-- +goose Up
CREATE TABLE legal_hold (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant      text NOT NULL,
    number      text NOT NULL, -- E.164, digits only.
    reason      text NOT NULL CHECK (reason <> ''),
    made_at     timestamptz NOT NULL,
    made_by     text NOT NULL,
    removed_at  timestamptz,
    removed_by  text NOT NULL DEFAULT '',
    removed_why text NOT NULL DEFAULT '',
    CHECK ((tenant = '') <> (number = '')),
    CHECK ((removed_at IS NULL) = (removed_why = ''))
);

-- A day of a kind of record that was dropped, or is about to be: then dropped_at is null.
CREATE TABLE retention_entry (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    day         date NOT NULL, -- UTC.
    file        text NOT NULL, -- Its archive; empty: it has none.
    part        jsonb NOT NULL, -- Of calls: which they are.
    figures     jsonb NOT NULL,
    made_at     timestamptz NOT NULL,
    dropped_at  timestamptz
);
CREATE INDEX retention_entry_day ON retention_entry (kind, day);
CREATE INDEX retention_entry_open ON retention_entry (id) WHERE dropped_at IS NULL;

-- +goose Down
DROP TABLE retention_entry, legal_hold;
