-- Closed periods. What an account's books are closed for takes no posting any more: usage that comes later counts at the
-- beginning of what is open, with a mark, and entries by hand are refused.

-- +goose Up
ALTER TABLE account ADD COLUMN closed_till timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z';
ALTER TABLE posting ADD COLUMN late boolean NOT NULL DEFAULT false;

-- +goose StatementBegin
CREATE FUNCTION posting_period_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.slot, a.id, a.closed_till INTO bad FROM fresh p JOIN account a ON a.id IN (p.debit, p.credit)
    WHERE p.slot < a.closed_till LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the books of % are closed till %: nothing can be posted at %', bad.id, bad.closed_till, bad.slot
            USING ERRCODE = 'TL001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER posting_period_is_open AFTER INSERT ON posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION posting_period_is_open();

-- Who closed and opened what, and why.
CREATE TABLE period_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account  text NOT NULL REFERENCES account,
    before   timestamptz NOT NULL,
    after    timestamptz NOT NULL CHECK (after <> before),
    reason   text NOT NULL CHECK (reason <> ''),
    done_by  text NOT NULL,
    done_at  timestamptz NOT NULL
);
CREATE INDEX period_log_account ON period_log (account, id);

-- +goose Down
DROP TABLE period_log;
DROP TRIGGER posting_period_is_open ON posting;
DROP FUNCTION posting_period_is_open;
ALTER TABLE posting DROP COLUMN late;
ALTER TABLE account DROP COLUMN closed_till;
