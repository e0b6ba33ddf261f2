-- Places of calls at a time. A hold takes one from its first grant until its call is ended, its money is given back, or the
-- call must be over by what was granted. Places are counted, not kept in a sum: nothing can drift.

-- +goose Up
-- placed says that the hold is among those that are counted, and place_till until when: the index does not know the time, so
-- that a call that goes on changes no index. ended_at is when the proxy said that the call is over.
ALTER TABLE hold
    ADD COLUMN branch text NOT NULL DEFAULT '', ADD COLUMN extension text NOT NULL DEFAULT '',
    ADD COLUMN placed boolean NOT NULL DEFAULT false, ADD COLUMN place_till timestamptz, ADD COLUMN ended_at timestamptz;
UPDATE hold SET placed = true, place_till = made_at + (seconds + 300) * interval '1 second' WHERE closed_at IS NULL;
ALTER TABLE hold ADD CHECK (NOT placed OR (place_till IS NOT NULL AND ended_at IS NULL AND closed_at IS NULL));
CREATE INDEX hold_place ON hold (account, extension) WHERE placed;

-- The word for the first scope that has no place for one more call at a moment, or null. A cap of 0 is none. The calls in
-- progress are looked at, no more than the widest cap allows, by the index whatever the planner believes: a plan that was made
-- while the table was empty lives as long as its connection, and only a plain scan of the index marks the entries of calls
-- that are over.
-- +goose StatementBegin
CREATE FUNCTION full_scope(of_account text, of_branch text, of_extension text, at timestamptz,
    tenant_most bigint, branch_most bigint, extension_most bigint) RETURNS text
    LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    tenants bigint := 0;
    branches bigint := 0;
    extensions bigint := 0;
BEGIN
    IF tenant_most > 0 OR branch_most > 0 THEN
        SELECT count(*), count(*) FILTER (WHERE branch = of_branch), count(*) FILTER (WHERE extension = of_extension)
        INTO tenants, branches, extensions FROM (
            SELECT branch, extension FROM hold WHERE account = of_account AND placed AND place_till > at LIMIT nullif(tenant_most, 0)) p;
    ELSE
        SELECT count(*) INTO extensions FROM (
            SELECT FROM hold WHERE account = of_account AND extension = of_extension AND placed AND place_till > at LIMIT extension_most) p;
    END IF;
    RETURN CASE WHEN tenant_most > 0 AND tenants >= tenant_most THEN 'calls_tenant'
        WHEN branch_most > 0 AND branches >= branch_most THEN 'calls_branch'
        WHEN extension_most > 0 AND extensions >= extension_most THEN 'calls_extension' END;
END
$$;
-- +goose StatementEnd

-- Takes holds out of the index whose calls must be over: those of proxies that vanished. They do not count as it is.
-- +goose StatementBegin
CREATE FUNCTION age_places(at timestamptz, most bigint) RETURNS void
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE hold h SET placed = false WHERE placed AND place_till <= at AND call IN (
        SELECT call FROM hold WHERE placed AND place_till <= at LIMIT most FOR NO KEY UPDATE SKIP LOCKED);
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION age_places, full_scope;
DROP INDEX hold_place;
ALTER TABLE hold DROP COLUMN branch, DROP COLUMN extension, DROP COLUMN placed, DROP COLUMN place_till, DROP COLUMN ended_at;
