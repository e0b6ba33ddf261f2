-- What a price depended on beside the call and the versions of tariff and deck, so that it can be computed again years later: what
-- allowances and tiers stood at, and the carrier's rate of a cost-plus price. Most calls have none. The table of what was set aside has
-- the columns of calls, in their order.

-- +goose Up
ALTER TABLE cdr ADD COLUMN basis String DEFAULT '' CODEC(ZSTD(3)) AFTER verdict;
ALTER TABLE cdr_aside ADD COLUMN basis String DEFAULT '' CODEC(ZSTD(3)) AFTER verdict;

-- +goose Down
ALTER TABLE cdr DROP COLUMN basis;
ALTER TABLE cdr_aside DROP COLUMN basis;
