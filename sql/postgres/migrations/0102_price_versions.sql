-- +goose Up

-- Versions of tariffs and decks that were taken back before they began. The versions themselves are what provision_history and
-- provision_file_history say; nothing is ever taken out of those.
CREATE TABLE provision_withdrawal (
    kind         text        NOT NULL CHECK (kind IN ('deck', 'tariff')),
    id           text        NOT NULL,
    revision     bigint      NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    withdrawn_by text        NOT NULL,
    PRIMARY KEY (kind, id, revision)
);

-- What an operator's file said when it was applied last, so that the next time it is known who changed what since: the file, or
-- somebody at another place. Files of prices are named by "file" and their name, objects by their kind and id. What is provisioned
-- now is taken to be what the file said.
CREATE TABLE provision_applied (
    kind       text        NOT NULL,
    id         text        NOT NULL,
    sha256     bytea       NOT NULL CHECK (length(sha256) = 32),
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
INSERT INTO provision_applied (kind, id, sha256, applied_at)
SELECT kind, id, sha256(convert_to(spec, 'UTF8')), changed_at FROM provision_object
UNION ALL SELECT 'file', name, sha256, now() FROM provision_file;

CREATE INDEX provision_history_prices ON provision_history (revision) WHERE kind IN ('deck', 'tariff');

-- +goose Down
DROP INDEX provision_history_prices;
DROP TABLE provision_applied, provision_withdrawal;
