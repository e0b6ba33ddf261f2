-- What statistics and reports are answered from: sums over the rows of cdr, kept by materialized views. Every sum is weighed
-- with the sign, so corrections are right at once. A leg counts in the hour and day, in UTC, of its slot.
--
-- seizures   without challenges (401, 407): what ASR and NER are a part of (ITU-T E.411, E.425).
-- effective  answered, or ended by a user: Q.850 cause 16 to 19 and 21 (ITU-T E.425, NER).
-- limited    refused or ended because money or a limit was used up; crowded: because channels or calls a second were.
-- pdd        post-dial delays (RFC 6076, 4.3) as a histogram: a delay of d ms is in the class round(10 ln d), which is 5 % wide
--            to each side. Classes can be added and taken away, so percentiles stay right after corrections.

-- +goose Up
DROP VIEW cdr_day_view;
DROP VIEW cdr_hour_view;
DROP TABLE cdr_day;
DROP TABLE cdr_hour;

-- For one tenant: everything of it lies together.
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
    cause          UInt8,
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    legs           SimpleAggregateFunction(sum, Int64),
    seizures       SimpleAggregateFunction(sum, Int64),
    answered       SimpleAggregateFunction(sum, Int64),
    effective      SimpleAggregateFunction(sum, Int64),
    limited        SimpleAggregateFunction(sum, Int64),
    crowded        SimpleAggregateFunction(sum, Int64),
    duration_us    SimpleAggregateFunction(sum, Int64),
    billed         SimpleAggregateFunction(sum, Int64),
    pdd            SimpleAggregateFunction(sumMap, Map(UInt8, Int64)),
    sale           SimpleAggregateFunction(sum, Decimal(38, 6)),
    cost           SimpleAggregateFunction(sum, Decimal(38, 6))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, kind, direction, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW cdr_hour_view TO cdr_hour AS
SELECT toStartOfHour(slot) AS hour, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency;

-- Days have what clients ask for about months; the rest is summed from hours.
CREATE TABLE cdr_day (
    day            Date CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    tenant         LowCardinality(String),
    branch         LowCardinality(String),
    extension      LowCardinality(String),
    number         LowCardinality(String),
    country        LowCardinality(String),
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    legs           SimpleAggregateFunction(sum, Int64),
    seizures       SimpleAggregateFunction(sum, Int64),
    answered       SimpleAggregateFunction(sum, Int64),
    effective      SimpleAggregateFunction(sum, Int64),
    limited        SimpleAggregateFunction(sum, Int64),
    crowded        SimpleAggregateFunction(sum, Int64),
    duration_us    SimpleAggregateFunction(sum, Int64),
    billed         SimpleAggregateFunction(sum, Int64),
    pdd            SimpleAggregateFunction(sumMap, Map(UInt8, Int64)),
    sale           SimpleAggregateFunction(sum, Decimal(38, 6)),
    cost           SimpleAggregateFunction(sum, Decimal(38, 6))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, kind, direction, branch, extension, number, country, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW cdr_day_view TO cdr_day AS
SELECT toDate(slot) AS day, kind, direction, tenant, branch, extension, number, country, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY day, kind, direction, tenant, branch, extension, number, country, sale_currency, cost_currency;

-- For the operator: carriers and countries without their tenants; and tenants with their branches, without all else.
CREATE TABLE traffic_hour (
    hour           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    country        LowCardinality(String),
    carrier        LowCardinality(String),
    gateway        LowCardinality(String),
    cause          UInt8,
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    legs           SimpleAggregateFunction(sum, Int64),
    seizures       SimpleAggregateFunction(sum, Int64),
    answered       SimpleAggregateFunction(sum, Int64),
    effective      SimpleAggregateFunction(sum, Int64),
    limited        SimpleAggregateFunction(sum, Int64),
    crowded        SimpleAggregateFunction(sum, Int64),
    duration_us    SimpleAggregateFunction(sum, Int64),
    billed         SimpleAggregateFunction(sum, Int64),
    pdd            SimpleAggregateFunction(sumMap, Map(UInt8, Int64)),
    sale           SimpleAggregateFunction(sum, Decimal(38, 6)),
    cost           SimpleAggregateFunction(sum, Decimal(38, 6))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW traffic_hour_view TO traffic_hour AS
SELECT toStartOfHour(slot) AS hour, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency;

CREATE TABLE tenant_hour (
    hour           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    tenant         LowCardinality(String),
    branch         LowCardinality(String),
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    legs           SimpleAggregateFunction(sum, Int64),
    seizures       SimpleAggregateFunction(sum, Int64),
    answered       SimpleAggregateFunction(sum, Int64),
    effective      SimpleAggregateFunction(sum, Int64),
    limited        SimpleAggregateFunction(sum, Int64),
    crowded        SimpleAggregateFunction(sum, Int64),
    duration_us    SimpleAggregateFunction(sum, Int64),
    billed         SimpleAggregateFunction(sum, Int64),
    pdd            SimpleAggregateFunction(sumMap, Map(UInt8, Int64)),
    sale           SimpleAggregateFunction(sum, Decimal(38, 6)),
    cost           SimpleAggregateFunction(sum, Decimal(38, 6))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, kind, direction, branch, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW tenant_hour_view TO tenant_hour AS
SELECT toStartOfHour(slot) AS hour, kind, direction, tenant, branch, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, tenant, branch, sale_currency, cost_currency;

-- For expense reports and invoices: what tenants are charged for, by the beginning of the number called, which tells local,
-- long-distance, mobile and international calls apart. Calls that stay in the house are in it where they were charged.
CREATE TABLE usage_hour (
    hour           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    tenant         LowCardinality(String),
    branch         LowCardinality(String),
    outbound       Bool,
    area           LowCardinality(String),
    destination    LowCardinality(String),
    sale_currency  LowCardinality(String),
    calls          SimpleAggregateFunction(sum, Int64),
    attempts       SimpleAggregateFunction(sum, Int64),
    billed         SimpleAggregateFunction(sum, Int64),
    covered        SimpleAggregateFunction(sum, Int64),
    sale           SimpleAggregateFunction(sum, Decimal(38, 6))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, branch, outbound, area, destination, sale_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW usage_hour_view TO usage_hour AS
SELECT toStartOfHour(slot) AS hour, tenant, branch, direction <> 'inbound' AS outbound,
    if(direction = 'internal', '', substring(to_number, 1, 7)) AS area, destination, sale_currency,
    sum(toInt64(sign) * (connect > 0)) AS calls,
    sum(toInt64(sign)) AS attempts,
    sum(sign * cdr.billed) AS billed,
    sum(sign * cdr.covered) AS covered,
    sum(cdr.sale * sign) AS sale
FROM cdr
WHERE kind = 'ingress' AND (direction <> 'internal' OR cdr.sale <> 0)
GROUP BY hour, tenant, branch, outbound, area, destination, sale_currency;

-- What is there already.
INSERT INTO cdr_hour
SELECT toStartOfHour(slot) AS hour, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, tenant, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency;

INSERT INTO cdr_day
SELECT toDate(slot) AS day, kind, direction, tenant, branch, extension, number, country, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY day, kind, direction, tenant, branch, extension, number, country, sale_currency, cost_currency;

INSERT INTO traffic_hour
SELECT toStartOfHour(slot) AS hour, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency;

INSERT INTO tenant_hour
SELECT toStartOfHour(slot) AS hour, kind, direction, tenant, branch, sale_currency, cost_currency,
    sum(toInt64(sign)) AS legs,
    sum(toInt64(sign) * (sip_status NOT IN (401, 407))) AS seizures,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR (cause IN (16, 17, 18, 19, 21) AND sip_status NOT IN (401, 407)))) AS effective,
    sum(toInt64(sign) * (released_by = 'limit' OR startsWith(reason, 'limit') OR reason = 'balance')) AS limited,
    sum(toInt64(sign) * (reason IN ('capacity', 'cps'))) AS crowded,
    sum(sign * cdr.duration_us) AS duration_us,
    sum(sign * cdr.billed) AS billed,
    sumMap(if(cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))) AS pdd,
    sum(cdr.sale * sign) AS sale,
    sum(cdr.cost * sign) AS cost
FROM cdr
GROUP BY hour, kind, direction, tenant, branch, sale_currency, cost_currency;

INSERT INTO usage_hour
SELECT toStartOfHour(slot) AS hour, tenant, branch, direction <> 'inbound' AS outbound,
    if(direction = 'internal', '', substring(to_number, 1, 7)) AS area, destination, sale_currency,
    sum(toInt64(sign) * (connect > 0)) AS calls,
    sum(toInt64(sign)) AS attempts,
    sum(sign * cdr.billed) AS billed,
    sum(sign * cdr.covered) AS covered,
    sum(cdr.sale * sign) AS sale
FROM cdr
WHERE kind = 'ingress' AND (direction <> 'internal' OR cdr.sale <> 0)
GROUP BY hour, tenant, branch, outbound, area, destination, sale_currency;

-- +goose Down
DROP VIEW usage_hour_view;
DROP TABLE usage_hour;
DROP VIEW tenant_hour_view;
DROP TABLE tenant_hour;
DROP VIEW traffic_hour_view;
DROP TABLE traffic_hour;
DROP VIEW cdr_day_view;
DROP TABLE cdr_day;
DROP VIEW cdr_hour_view;
DROP TABLE cdr_hour;
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
