-- What a call takes on disk. Times of one call are near each other, so ZSTD finds them better than differences between rows do;
-- our own Call-IDs have the id of the call in them, which is another column, so only the rest is stored: the character 1 stands
-- for it. sip_call_id is computed and can be read and searched as before. Columns of few values take a third less with ZSTD than
-- with the default codec.

-- +goose Up
ALTER TABLE cdr RENAME COLUMN sip_call_id TO sip_call_rest;
ALTER TABLE cdr ADD COLUMN sip_call_id String ALIAS replaceOne(sip_call_rest, char(1), toString(call));
ALTER TABLE cdr
    MODIFY COLUMN setup DateTime64(6, 'UTC') CODEC(Delta, ZSTD(3)),
    MODIFY COLUMN progress DateTime64(6, 'UTC') CODEC(ZSTD(3)),
    MODIFY COLUMN connect DateTime64(6, 'UTC') CODEC(ZSTD(3)),
    MODIFY COLUMN disconnect DateTime64(6, 'UTC') CODEC(ZSTD(3)),
    MODIFY COLUMN from_number String CODEC(ZSTD(3)),
    MODIFY COLUMN caller_id String CODEC(ZSTD(3)),
    MODIFY COLUMN duration_us Int64 CODEC(ZSTD(3)),
    MODIFY COLUMN pdd_us Int64 CODEC(ZSTD(3)),
    MODIFY COLUMN dialled String CODEC(ZSTD(3)),
    MODIFY COLUMN sip_status CODEC(ZSTD(1)),
    MODIFY COLUMN cause CODEC(ZSTD(1)),
    MODIFY COLUMN released_by CODEC(ZSTD(1)),
    MODIFY COLUMN seq CODEC(ZSTD(1)),
    MODIFY COLUMN kind CODEC(ZSTD(1)),
    MODIFY COLUMN direction CODEC(ZSTD(1)),
    MODIFY COLUMN extension CODEC(ZSTD(1)),
    MODIFY COLUMN branch CODEC(ZSTD(1)),
    MODIFY COLUMN number CODEC(ZSTD(1)),
    MODIFY COLUMN tariff CODEC(ZSTD(1)),
    MODIFY COLUMN destination CODEC(ZSTD(1)),
    MODIFY COLUMN prefix CODEC(ZSTD(1)),
    MODIFY COLUMN country CODEC(ZSTD(1)),
    MODIFY COLUMN carrier CODEC(ZSTD(1)),
    MODIFY COLUMN gateway CODEC(ZSTD(1)),
    MODIFY COLUMN deck CODEC(ZSTD(1)),
    MODIFY COLUMN note CODEC(ZSTD(1)),
    MODIFY COLUMN remote CODEC(ZSTD(1)),
    MODIFY COLUMN reason CODEC(ZSTD(1)),
    MODIFY COLUMN sale_currency CODEC(ZSTD(1)),
    MODIFY COLUMN cost_currency CODEC(ZSTD(1)),
    MODIFY COLUMN tariff_version CODEC(ZSTD(1)),
    MODIFY COLUMN deck_version CODEC(ZSTD(1)),
    MODIFY COLUMN node CODEC(ZSTD(1)),
    MODIFY COLUMN source CODEC(ZSTD(1));

-- +goose Down
SELECT 1;
