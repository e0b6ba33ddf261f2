-- +goose Up
-- Records are let go of, and sums made anew, by jobs, too.
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates', 'import', 'rerate', 'retention', 'rebuild'));

-- +goose Down
DELETE FROM job WHERE kind IN ('retention', 'rebuild');
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates', 'import', 'rerate'));
