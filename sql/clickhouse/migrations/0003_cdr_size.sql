-- What a call takes on disk. Times of one call are near each other, so ZSTD finds them better than differences between rows do;
-- our own Call-IDs have the id of the call in them, which is another column, so only the rest is stored: the character 1 stands
-- for it. sip_call_id is computed and can be read and searched as before.

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
    MODIFY COLUMN trace String CODEC(ZSTD(6));

-- +goose Down
SELECT 1;
