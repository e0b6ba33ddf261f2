-- Why a pricing again ended before its time, where trying it once more as it is makes no difference.

-- +goose Up
ALTER TABLE rerate ADD COLUMN failure text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rerate DROP COLUMN failure;
