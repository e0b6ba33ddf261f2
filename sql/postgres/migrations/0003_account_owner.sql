-- +goose Up
CREATE INDEX account_owner ON account (owner) WHERE kind = 'tenant';

-- +goose Down
DROP INDEX account_owner;
