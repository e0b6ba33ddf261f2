-- What carried a leg besides a carrier's gateway: the line of an imported system, the client's own trunk, or the gateway that a call came
-- by. Rows from before have none. Channels of a switch have a name for every call, so that it is no column of few values. The table of
-- what was set aside has the columns of calls, in their order.

-- +goose Up
ALTER TABLE cdr ADD COLUMN trunk String DEFAULT '' CODEC(ZSTD(3)) AFTER basis;
ALTER TABLE cdr_aside ADD COLUMN trunk String DEFAULT '' CODEC(ZSTD(3)) AFTER basis;

-- +goose Down
ALTER TABLE cdr DROP COLUMN trunk;
ALTER TABLE cdr_aside DROP COLUMN trunk;
