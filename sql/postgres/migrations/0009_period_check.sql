-- +goose Up
-- The check of closed periods as two joins that can be hashed: of thousands of postings at a time it takes milliseconds.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION posting_period_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT * INTO bad FROM (
        SELECT p.slot, a.id, a.closed_till FROM fresh p JOIN account a ON a.id = p.debit WHERE p.slot < a.closed_till
        UNION ALL
        SELECT p.slot, a.id, a.closed_till FROM fresh p JOIN account a ON a.id = p.credit WHERE p.slot < a.closed_till
    ) s LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the books of % are closed till %: nothing can be posted at %', bad.id, bad.closed_till, bad.slot
            USING ERRCODE = 'TL001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
