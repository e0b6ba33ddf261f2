-- +goose Up
-- Calls are priced again by jobs, too.
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates', 'import', 'rerate'));

-- +goose Down
DELETE FROM job WHERE kind = 'rerate';
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates', 'import'));
