-- One row per rated leg. A correction is a row with the sign -1 and one with the sign +1: weigh every sum with it.
-- A day is a partition: who looks at a day of all tenants reads just that, and it can be archived and dropped as one.
-- The same batch may be inserted again with its token within the window; it then changes nothing, here and in the aggregates.

-- +goose Up
CREATE TABLE cdr (
    sign            Int8,
    batch           Int64 CODEC(Delta, ZSTD(1)),
    slot            DateTime('UTC') CODEC(Delta, ZSTD(1)),
    call            UUID CODEC(ZSTD(1)),
    seq             UInt16,
    kind            Enum8('ingress' = 1, 'egress' = 2),
    direction       Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    source          LowCardinality(String),
    node            LowCardinality(String),
    tenant          LowCardinality(String),
    branch          LowCardinality(String),
    extension       LowCardinality(String),
    number          LowCardinality(String),
    tariff          LowCardinality(String),
    carrier         LowCardinality(String),
    gateway         LowCardinality(String),
    deck            LowCardinality(String),
    from_number     String CODEC(ZSTD(1)),
    to_number       String CODEC(ZSTD(1)),
    caller_id       String CODEC(ZSTD(1)),
    dialled         String CODEC(ZSTD(1)),
    setup           DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    progress        DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    connect         DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    disconnect      DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    duration_us     Int64 CODEC(T64, ZSTD(1)),
    pdd_us          Int64 CODEC(T64, ZSTD(1)),
    granted_us      Int64 CODEC(T64, ZSTD(1)),
    sip_status      UInt16,
    cause           UInt8,
    released_by     Enum8('unknown' = 0, 'caller' = 1, 'callee' = 2, 'limit' = 3, 'timer' = 4, 'operator' = 5, 'routing' = 6, 'fault' = 7),
    reason          LowCardinality(String),
    sip_call_id     String CODEC(ZSTD(1)),
    remote          LowCardinality(String),
    trace           String CODEC(ZSTD(3)),
    raw             String CODEC(ZSTD(3)),
    billed          Int64 CODEC(T64, ZSTD(1)),
    covered         Int64 CODEC(T64, ZSTD(1)),
    prefix          LowCardinality(String),
    destination     LowCardinality(String),
    country         LowCardinality(String),
    per_minute      Decimal(18, 9) CODEC(ZSTD(1)),
    connect_fee     Decimal(18, 6) CODEC(ZSTD(1)),
    sale            Decimal(18, 6) CODEC(ZSTD(1)),
    cost            Decimal(18, 6) CODEC(ZSTD(1)),
    sale_currency   LowCardinality(String),
    cost_currency   LowCardinality(String),
    tariff_version  LowCardinality(String),
    deck_version    LowCardinality(String),
    note            LowCardinality(String),
    INDEX by_call call TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (tenant, slot, setup, call, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE cdr_hour (
    hour           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    tenant         LowCardinality(String),
    branch         LowCardinality(String),
    extension      LowCardinality(String),
    number         LowCardinality(String),
    destination    LowCardinality(String),
    country        LowCardinality(String),
    carrier        LowCardinality(String),
    gateway        LowCardinality(String),
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    legs           Int64,
    answered       Int64,
    effective      Int64,
    duration_us    Int64,
    billed         Int64,
    pdd_us         Int64,
    pdd_legs       Int64,
    sale           Decimal(38, 6),
    cost           Decimal(38, 6)
)
ENGINE = SummingMergeTree((legs, answered, effective, duration_us, billed, pdd_us, pdd_legs, sale, cost))
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, kind, direction, branch, extension, number, destination, country, carrier, gateway, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE cdr_day (
    day            Date CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    tenant         LowCardinality(String),
    branch         LowCardinality(String),
    extension      LowCardinality(String),
    number         LowCardinality(String),
    destination    LowCardinality(String),
    country        LowCardinality(String),
    carrier        LowCardinality(String),
    gateway        LowCardinality(String),
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    legs           Int64,
    answered       Int64,
    effective      Int64,
    duration_us    Int64,
    billed         Int64,
    pdd_us         Int64,
    pdd_legs       Int64,
    sale           Decimal(38, 6),
    cost           Decimal(38, 6)
)
ENGINE = SummingMergeTree((legs, answered, effective, duration_us, billed, pdd_us, pdd_legs, sale, cost))
PARTITION BY toYear(day)
ORDER BY (tenant, day, kind, direction, branch, extension, number, destination, country, carrier, gateway, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

-- Effective legs are those that the network did its part for (ITU-T E.425, NER): answered, or ended by a user, by Q.850
-- cause 16 to 19 and 21. A leg counts in the hour and day, in UTC, of its slot.
CREATE MATERIALIZED VIEW cdr_hour_view TO cdr_hour AS
SELECT toStartOfHour(slot) AS hour, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway,
    sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR cause IN (16, 17, 18, 19, 21))) AS effective,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sum(sign * cdr.pdd_us) AS pdd_us,
    sum(toInt64(sign) * (cdr.pdd_us > 0)) AS pdd_legs,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway, sale_currency, cost_currency;

CREATE MATERIALIZED VIEW cdr_day_view TO cdr_day AS
SELECT toDate(slot) AS day, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway,
    sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR cause IN (16, 17, 18, 19, 21))) AS effective,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sum(sign * cdr.pdd_us) AS pdd_us,
    sum(toInt64(sign) * (cdr.pdd_us > 0)) AS pdd_legs,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY day, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway, sale_currency, cost_currency;

-- +goose Down
DROP VIEW cdr_day_view;
DROP VIEW cdr_hour_view;
DROP TABLE cdr_day;
DROP TABLE cdr_hour;
DROP TABLE cdr;
