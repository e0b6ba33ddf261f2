-- What proxies let pass while the ledger is away is one allowance for all of them: each has a share, in millionths, and all shares together are
-- never more than the whole. share is the greatest that the proxy may believe that it has. settled_beat is the last sign of life of which all that
-- the stream had then was accounted for.

-- +goose Up
ALTER TABLE node ADD COLUMN share bigint NOT NULL DEFAULT 0 CHECK (share BETWEEN 0 AND 1000000),
    ADD COLUMN settled_beat bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE node DROP COLUMN share, DROP COLUMN settled_beat;
