-- What of each batch of the ledger is here. A batch is known by its number and its key: a ledger that was restored from a backup
-- hands numbers out again, never keys. Rows of batches that the ledger does not know are set aside in cdr_aside.

-- +goose Up
ALTER TABLE cdr ADD COLUMN batch_key Int64 DEFAULT 0 CODEC(ZSTD(1)) AFTER batch;

CREATE TABLE stored_batch (
    batch  Int64,
    key    Int64,
    rows   Int64,
    sale   Decimal(38, 6),
    cost   Decimal(38, 6)
)
ENGINE = SummingMergeTree((rows, sale, cost))
ORDER BY (batch, key)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW stored_batch_view TO stored_batch AS
SELECT batch, batch_key AS key, toInt64(count()) AS rows, sum(cdr.sale * sign) AS sale, sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY batch, key;

INSERT INTO stored_batch
SELECT batch, batch_key AS key, toInt64(count()) AS rows, sum(cdr.sale * sign) AS sale, sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY batch, key;

CREATE TABLE cdr_aside AS cdr
ENGINE = MergeTree
PARTITION BY toYYYYMM(slot)
ORDER BY (batch, batch_key, call, seq, sign);
ALTER TABLE cdr_aside ADD COLUMN aside_at DateTime('UTC') DEFAULT now();

-- Whose calls these are: another ledger's are not written over.
CREATE TABLE ledger_owner (
    ledger  UUID,
    since   DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY since;

-- +goose Down
DROP VIEW stored_batch_view;
DROP TABLE stored_batch, cdr_aside, ledger_owner;
ALTER TABLE cdr DROP COLUMN batch_key;
