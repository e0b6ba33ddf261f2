-- One table of sums, which whoever inserts calls fills: a batch makes one part of it, where seven views made seven, and read the calls seven
-- times. What a row answers is its grain:
--
-- hour     one tenant's hours, with all that statistics ask for
-- day      one tenant's days, with what they ask for about months
-- traffic  carriers and countries by the hour, without their tenants
-- tenant   tenants and their branches by the hour, without all else
-- house    all traffic by the hour, without whose it is: a handful of rows an hour
-- usage    what tenants are charged for by the hour, by the beginning of the number called; legs are attempts there, answered are calls
-- batch    the marks: which batches are in the sums of a month, with how many rows; time is the beginning of the month. They are in the same
--          part as the sums themselves, so a batch is in the sums of a month exactly as often as its mark says
--
-- Every sum is weighed with the sign, so corrections are right at once. A leg counts in the hour and day, in UTC, of its slot.
--
-- seizures   without challenges (401, 407): what ASR and NER are a part of (ITU-T E.411, E.425).
-- effective  answered, or ended by a user: Q.850 cause 16 to 19 and 21 (ITU-T E.425, NER).
-- limited    refused or ended because money or a limit was used up; crowded: because channels or calls a second were.
-- pdd        post-dial delays (RFC 6076, 4.3) as a histogram: a delay of d ms is in the class round(10 ln d), which is 5 % wide
--            to each side. Classes can be added and taken away, so percentiles stay right after corrections.

-- +goose Up
DROP TABLE IF EXISTS cdr_sum SYNC;

CREATE TABLE cdr_sum (
    grain          Enum8('hour' = 1, 'day' = 2, 'traffic' = 3, 'tenant' = 4, 'house' = 5, 'usage' = 6, 'batch' = 7),
    tenant         LowCardinality(String),
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    kind           Enum8('ingress' = 1, 'egress' = 2),
    direction      Enum8('outbound' = 1, 'inbound' = 2, 'forwarded' = 3, 'internal' = 4),
    branch         LowCardinality(String),
    extension      LowCardinality(String),
    number         LowCardinality(String),
    area           LowCardinality(String),
    destination    LowCardinality(String),
    country        LowCardinality(String),
    carrier        LowCardinality(String),
    gateway        LowCardinality(String),
    cause          UInt8,
    sale_currency  LowCardinality(String),
    cost_currency  LowCardinality(String),
    batch          Int64,
    key            Int64,
    legs           SimpleAggregateFunction(sum, Int64),
    seizures       SimpleAggregateFunction(sum, Int64),
    answered       SimpleAggregateFunction(sum, Int64),
    effective      SimpleAggregateFunction(sum, Int64),
    limited        SimpleAggregateFunction(sum, Int64),
    crowded        SimpleAggregateFunction(sum, Int64),
    duration_us    SimpleAggregateFunction(sum, Int64),
    billed         SimpleAggregateFunction(sum, Int64),
    covered        SimpleAggregateFunction(sum, Int64),
    pdd            SimpleAggregateFunction(sumMap, Map(UInt8, Int64)),
    sale           SimpleAggregateFunction(sum, Decimal(38, 6)),
    cost           SimpleAggregateFunction(sum, Decimal(38, 6))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (grain, tenant, time, kind, direction, branch, extension, number, area, destination, country, carrier, gateway, cause, sale_currency, cost_currency, batch, key)
SETTINGS non_replicated_deduplication_window = 10000;

INSERT INTO cdr_sum (grain, tenant, time, kind, direction, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost)
SELECT 'hour', tenant, hour, kind, direction, branch, extension, number, destination, country, carrier, gateway, cause, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost FROM cdr_hour;

INSERT INTO cdr_sum (grain, tenant, time, kind, direction, branch, extension, number, country, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost)
SELECT 'day', tenant, toDateTime(day, 'UTC'), kind, direction, branch, extension, number, country, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost FROM cdr_day;

INSERT INTO cdr_sum (grain, time, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost)
SELECT 'traffic', hour, kind, direction, country, carrier, gateway, cause, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost FROM traffic_hour;

INSERT INTO cdr_sum (grain, tenant, time, kind, direction, branch, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost)
SELECT 'tenant', tenant, hour, kind, direction, branch, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost FROM tenant_hour;

INSERT INTO cdr_sum (grain, time, kind, direction, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost)
SELECT 'house', hour, kind, direction, sale_currency, cost_currency,
    legs, seizures, answered, effective, limited, crowded, duration_us, billed, pdd, sale, cost FROM house_hour;

INSERT INTO cdr_sum (grain, tenant, time, kind, direction, branch, area, destination, sale_currency, legs, answered, billed, covered, sale)
SELECT 'usage', tenant, hour, 'ingress', if(outbound, 'outbound', 'inbound'), branch, area, destination, sale_currency, attempts, calls, billed, covered, sale FROM usage_hour;

INSERT INTO cdr_sum (grain, time, kind, direction, batch, key, legs, sale, cost)
SELECT 'batch', toDateTime(toStartOfMonth(slot), 'UTC') AS time, 'ingress', 'outbound', batch, batch_key, toInt64(count()), sum(cdr.sale * sign), sum(cdr.cost * sign)
FROM cdr GROUP BY time, batch, batch_key;

INSERT INTO cdr_sum (grain, time, kind, direction, batch, key, legs, sale, cost)
SELECT 'batch', toDateTime(toStartOfMonth(day), 'UTC'), 'ingress', 'outbound', batch, key, rows, sale, cost FROM cdr_retired FINAL;

-- +goose Down
DROP TABLE cdr_sum;
