-- Trials that ended, with what was done: once for each start of a contract, so that who was suspended and paid is not suspended again.

-- +goose Up
CREATE TABLE trial_end (
    tenant   text NOT NULL,
    tariff   text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    action   text NOT NULL,
    PRIMARY KEY (tenant, tariff, began_at)
);

-- +goose Down
DROP TABLE trial_end;
