-- +goose Up

-- Records of foreign systems that could not be read or rated. The same record of the same place is kept once, however
-- often it is imported.
CREATE TABLE import_fault (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant   text        NOT NULL,
    pbx      text        NOT NULL,
    origin   text        NOT NULL,
    line     bigint      NOT NULL,
    reason   text        NOT NULL CHECK (reason <> ''),
    raw      text        NOT NULL,
    digest   bytea       NOT NULL CHECK (length(digest) = 16),
    found_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX import_fault_place ON import_fault (tenant, pbx, origin, line, digest);

-- +goose Down
DROP TABLE import_fault;
