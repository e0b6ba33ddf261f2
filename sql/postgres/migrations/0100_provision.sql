-- +goose Up

-- What is provisioned, one document per object. Documents are checked in Go as a whole before they are stored: a rule
-- such as "the tariff's currency is the account's" spans more than any constraint here could see.
CREATE TABLE provision_object (
    kind       text        NOT NULL CHECK (kind IN ('settings', 'carrier', 'gateway', 'deck', 'tariff', 'dial_plan', 'route_plan', 'tenant')),
    id         text        NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    spec       text        NOT NULL,
    revision   bigint      NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Every change with what was there before and after; nothing is ever taken out of it.
CREATE TABLE provision_history (
    revision   bigint      NOT NULL,
    kind       text        NOT NULL,
    id         text        NOT NULL,
    before     text,
    after      text,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL,
    PRIMARY KEY (revision, kind, id)
);

-- Decks and tariff files by their content, so that every version that ever priced a call can be read again.
CREATE TABLE provision_blob (
    sha256  bytea PRIMARY KEY CHECK (length(sha256) = 32),
    content bytea NOT NULL
);

CREATE TABLE provision_file (
    name     text   PRIMARY KEY,
    sha256   bytea  NOT NULL REFERENCES provision_blob,
    revision bigint NOT NULL
);

-- One row: the number of the last change.
CREATE TABLE provision_revision (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    revision bigint  NOT NULL
);
INSERT INTO provision_revision (revision) VALUES (0);

-- +goose Down
DROP TABLE provision_revision, provision_file, provision_blob, provision_history, provision_object;
