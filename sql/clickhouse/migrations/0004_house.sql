-- All traffic by the hour, without whose it is: what the first page of the operator and the figures of all companies are
-- answered from. It has a handful of rows an hour, however many companies there are.

-- +goose Up
CREATE TABLE house_hour (
    hour           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
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
ORDER BY (hour, kind, direction, sale_currency, cost_currency)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW house_hour_view TO house_hour AS
SELECT toStartOfHour(slot) AS hour, kind, direction, sale_currency, cost_currency,
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
GROUP BY hour, kind, direction, sale_currency, cost_currency;

-- What is there already: the sums without carriers and countries.
INSERT INTO house_hour
SELECT hour, kind, direction, sale_currency, cost_currency, sum(legs), sum(seizures), sum(answered), sum(effective), sum(limited), sum(crowded),
    sum(duration_us), sum(billed), sumMap(pdd), sum(sale), sum(cost)
FROM traffic_hour
GROUP BY hour, kind, direction, sale_currency, cost_currency;

-- +goose Down
DROP VIEW house_hour_view;
DROP TABLE house_hour;
