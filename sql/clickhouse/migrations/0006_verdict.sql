-- What a verification of the caller's identity said (RFC 8224). Rows that are set aside have the columns of calls, in their order.

-- +goose Up
ALTER TABLE cdr ADD COLUMN verdict LowCardinality(String) DEFAULT '' CODEC(ZSTD(1)) AFTER note;
ALTER TABLE cdr_aside ADD COLUMN verdict LowCardinality(String) DEFAULT '' CODEC(ZSTD(1)) AFTER note;

-- +goose Down
ALTER TABLE cdr DROP COLUMN verdict;
ALTER TABLE cdr_aside DROP COLUMN verdict;
