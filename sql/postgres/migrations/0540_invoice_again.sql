-- An invoice that was credited as a whole may be issued again, once: the new one names the one whose place it takes.

-- +goose Up
ALTER TABLE invoice ADD COLUMN replaces bigint REFERENCES invoice CHECK (replaces IS NULL OR kind = 'invoice');
DROP INDEX invoice_period;
CREATE UNIQUE INDEX invoice_period ON invoice (tenant, period_from, coalesce(replaces, 0)) WHERE kind = 'invoice';
CREATE UNIQUE INDEX invoice_replaces ON invoice (replaces) WHERE replaces IS NOT NULL;

-- What a document is worth now: an invoice stands until a credit note takes all of it back.
CREATE VIEW invoice_standing AS
SELECT i.* FROM invoice i
WHERE i.kind = 'invoice' AND (SELECT e.state FROM invoice_event e WHERE e.invoice = i.id ORDER BY e.id DESC LIMIT 1) <> 'credited';

-- +goose Down
DROP VIEW invoice_standing;
DROP INDEX invoice_replaces;
DROP INDEX invoice_period;
CREATE UNIQUE INDEX invoice_period ON invoice (tenant, period_from) WHERE kind = 'invoice';
ALTER TABLE invoice DROP COLUMN replaces;
