-- What retention has dropped, by batch: the sums of those days can no more be made from the calls, and a batch of which calls were dropped is
-- not lost.

-- +goose Up
CREATE TABLE cdr_retired (
    entry  Int64, -- That of the ledger's retention_entry.
    day    Date,
    batch  Int64,
    key    Int64,
    rows   Int64,
    sale   Decimal(38, 6),
    cost   Decimal(38, 6)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, entry, batch, key);

-- +goose Down
DROP TABLE cdr_retired;
