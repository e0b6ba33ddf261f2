-- Quotas: portions of accounts that proxies have drawn, and deal out to calls without asking for each (docs/adr/0042). What is granted to a quota
-- is held in the account and in every limit that it counts in, from the grant until its calls are accounted for or it is given back.

-- +goose Up
-- rules changes with everything that is set by hand for the account; quotas of other rules are given back. No quotas are granted before
-- quota_after.
ALTER TABLE account ADD COLUMN rules bigint NOT NULL DEFAULT 0, ADD COLUMN quota_after timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z';

-- granted_*: all that it ever was granted, less what was given back unused. money, seconds, calls: what of that is held still, for calls that
-- draw on it and for those that will. finished_beat: the sign of life of its proxy by which all its calls were over, with their legs in the stream.
CREATE TABLE quota (
    id               uuid PRIMARY KEY,
    account          text NOT NULL REFERENCES account,
    node             text NOT NULL,
    life             text NOT NULL,
    branch           text NOT NULL,
    extension        text NOT NULL,
    limits           bigint[] NOT NULL,
    rules            bigint NOT NULL,
    reach            bigint NOT NULL CHECK (reach >= 0),
    granted_money    bigint NOT NULL CHECK (granted_money >= 0),
    granted_seconds  bigint NOT NULL CHECK (granted_seconds >= 0),
    granted_calls    bigint NOT NULL CHECK (granted_calls >= 0),
    money            bigint NOT NULL CHECK (money >= 0),
    seconds          bigint NOT NULL CHECK (seconds >= 0),
    calls            bigint NOT NULL CHECK (calls >= 0),
    made_at          timestamptz NOT NULL,
    retired_at       timestamptz,
    finished_beat    bigint,
    closed_at        timestamptz,
    CHECK (closed_at IS NULL OR (money = 0 AND seconds = 0 AND calls = 0))
) WITH (fillfactor = 70);
CREATE INDEX quota_account ON quota (account) WHERE closed_at IS NULL;
CREATE INDEX quota_node ON quota (node) WHERE closed_at IS NULL;

-- A quota stays while a leg that draws on it waits to be rated.
ALTER TABLE dead_leg ADD COLUMN quota uuid;
CREATE INDEX dead_leg_quota ON dead_leg (quota) WHERE quota IS NOT NULL AND settled_by IS NULL;

-- Calls the quotas of an account back, as what is left is needed elsewhere, and says whether there are any. The account is locked.
-- +goose StatementBegin
CREATE FUNCTION recall_quotas(of_account text, at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM quota q WHERE q.account = of_account AND q.closed_at IS NULL AND q.retired_at IS NULL) THEN
        RETURN false;
    END IF;
    UPDATE account a SET rules = a.rules + 1, quota_after = at + interval '1 minute' WHERE a.id = of_account AND a.quota_after <= at;
    RETURN true;
END
$$;
-- +goose StatementEnd

-- As before, with the calls of quotas.
DROP FUNCTION full_scope;
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
    SELECT tenants + coalesce(sum(q.calls), 0), branches + coalesce(sum(q.calls) FILTER (WHERE q.branch = of_branch), 0),
        extensions + coalesce(sum(q.calls) FILTER (WHERE q.extension = of_extension), 0)
    INTO tenants, branches, extensions FROM quota q WHERE q.account = of_account AND q.closed_at IS NULL;
    RETURN CASE WHEN tenant_most > 0 AND tenants >= tenant_most THEN 'calls_tenant'
        WHEN branch_most > 0 AND branches >= branch_most THEN 'calls_branch'
        WHEN extension_most > 0 AND extensions >= extension_most THEN 'calls_extension' END;
END
$$;
-- +goose StatementEnd

-- As before. A call that draws on a quota is taken over from it: what it has of that becomes a hold of its own. Where money, a limit or a cap on calls
-- is in the way while there are quotas they are called back (recalled): the same may be asked again soon.
DROP FUNCTION reserve;
-- +goose StatementBegin
CREATE FUNCTION reserve(
    of_call uuid, of_account text, of_node text, stretches bigint[], costs bigint[],
    limit_scopes text[], limit_owners text[], limit_periods text[], limit_money bigint[], limit_seconds bigint[], limit_calls bigint[],
    period_names text[], period_starts timestamptz[], begun timestamptz, of_branch text, of_extension text, called text,
    at timestamptz, place_from timestamptz, tenant_most bigint, branch_most bigint, extension_most bigint,
    of_quota uuid, drawn_money bigint, drawn_seconds bigint,
    OUT known boolean, OUT closed boolean, OUT had bigint, OUT granted bigint, OUT bound text, OUT halt text, OUT recalled boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    free          bigint;
    suspended     boolean;
    set_by_hand   boolean;
    had_amount    bigint;
    had_limits    bigint[];
    placed        boolean;
    draws         boolean := false; -- It has something of a quota, which becomes its hold.
    drawn_at      timestamptz := begun;
    -- The limits that apply, each with its key, its counter if there is one, and what is left in it; null: no cap.
    keys          text[];
    scopes        text[] := limit_scopes;
    owners        text[] := limit_owners;
    periods       text[] := limit_periods;
    money_left    bigint[] := limit_money;
    seconds_left  bigint[] := limit_seconds;
    calls_left    bigint[] := limit_calls;
    counters      bigint[] := '{}';
    others        bigint[] := '{}'; -- Counters that the call is not counted in yet.
    missing       int[] := '{}';    -- Limits without a counter.
    n             int := coalesce(cardinality(limit_scopes), 0);
    i             int;
    setting       limit_setting;
    counter       limit_counter;
    -- The least that is left in any.
    money_least   bigint;
    seconds_least bigint;
    calls_least   bigint;
    amount        bigint;
BEGIN
    granted := 0;
    bound := '';
    halt := '';
    recalled := false;
    SELECT a.credits + a.credit_limit - a.debits - a.pending, a.suspended INTO free, suspended
    FROM account a WHERE a.id = of_account FOR NO KEY UPDATE;
    known := FOUND;
    SELECT h.amount, h.seconds, h.limits, h.closed_at IS NOT NULL OR h.ended_at IS NOT NULL, h.placed AND h.place_till > at
    INTO had_amount, had, had_limits, closed, placed FROM hold h WHERE h.call = of_call;
    IF NOT FOUND AND of_quota IS NOT NULL THEN
        SELECT drawn_money, drawn_seconds, q.limits, EXISTS (SELECT FROM rated_leg r WHERE r.call = of_call AND r.seq = 0), true, true,
            least(begun, q.made_at) INTO had_amount, had, had_limits, closed, placed, draws, drawn_at FROM quota q
        WHERE q.id = of_quota AND q.account = of_account AND q.closed_at IS NULL AND q.money >= drawn_money AND q.seconds >= drawn_seconds AND q.calls > 0;
    END IF;
    draws := coalesce(draws, false);
    drawn_at := coalesce(drawn_at, begun);
    had_amount := coalesce(had_amount, 0);
    had := coalesce(had, 0);
    closed := coalesce(closed, false);
    placed := coalesce(placed, false);
    IF NOT known THEN
        RETURN;
    END IF;

    SELECT EXISTS (SELECT FROM limit_setting s WHERE s.account = of_account), CASE WHEN EXISTS (
        SELECT FROM spending_block b WHERE b.account = of_account AND ((b.scope = 'branch' AND b.owner = of_branch)
            OR (b.scope = 'extension' AND b.owner = of_extension) OR (b.scope = 'destination' AND starts_with(called, b.owner)))
        ) THEN 'blocked' ELSE '' END
    INTO set_by_hand, halt;
    IF suspended THEN
        halt := 'suspended';
    ELSIF halt = '' AND NOT placed AND NOT closed AND (tenant_most > 0 OR branch_most > 0 OR extension_most > 0) THEN
        halt := coalesce(full_scope(of_account, of_branch, of_extension, at, tenant_most, branch_most, extension_most), '');
    END IF;
    IF closed OR halt <> '' THEN
        IF stretches[cardinality(stretches)] > had THEN
            bound := CASE WHEN closed THEN 'closed' ELSE halt END;
        END IF;
        IF bound LIKE 'calls\_%' THEN
            recalled := recall_quotas(of_account, at);
        END IF;
        RETURN;
    END IF;

    FOR i IN 1..n LOOP
        keys[i] := periods[i] || scopes[i] || ' ' || owners[i];
    END LOOP;
    IF set_by_hand THEN -- Goes before what is provisioned.
        FOR setting IN SELECT * FROM limit_setting s WHERE s.account = of_account AND (s.scope = 'tenant'
            OR (s.scope = 'branch' AND s.owner = of_branch) OR (s.scope = 'extension' AND s.owner = of_extension))
        LOOP
            i := array_position(keys, setting.period || setting.scope || ' ' || setting.owner);
            IF i IS NULL THEN
                n := n + 1;
                i := n;
                keys[i] := setting.period || setting.scope || ' ' || setting.owner;
                scopes[i] := setting.scope;
                owners[i] := setting.owner;
                periods[i] := setting.period;
            END IF;
            money_left[i] := coalesce(setting.money, money_left[i]);
            seconds_left[i] := coalesce(setting.seconds, seconds_left[i]);
            calls_left[i] := coalesce(setting.calls, calls_left[i]);
        END LOOP;
    END IF;
    IF cardinality(had_limits) > 0 THEN -- In these the call is counted, whatever period it is now; what it holds is its own.
        FOR counter IN SELECT * FROM limit_counter c WHERE c.id = ANY (had_limits) LOOP
            i := array_position(keys, counter.period || counter.scope || ' ' || counter.owner);
            CONTINUE WHEN i IS NULL; -- Its limit is no more.
            counters[i] := counter.id;
            money_left[i] := money_left[i] + counter.raised_money + counter.aside_money - counter.used_money - counter.held_money + had_amount;
            seconds_left[i] := seconds_left[i] + counter.raised_seconds + counter.aside_seconds - counter.used_seconds - counter.held_seconds + had;
            calls_left[i] := calls_left[i] + counter.raised_calls + counter.aside_calls - counter.used_calls - counter.held_calls + 1;
        END LOOP;
    END IF;
    FOR i IN 1..n LOOP
        IF counters[i] IS NULL THEN
            SELECT * INTO counter FROM limit_counter c WHERE c.account = of_account AND c.scope = scopes[i] AND c.owner = owners[i]
                AND c.period = periods[i] AND c.starts = period_starts[array_position(period_names, periods[i])];
            IF FOUND THEN
                others := others || counter.id;
                money_left[i] := money_left[i] + counter.raised_money + counter.aside_money - counter.used_money - counter.held_money;
                seconds_left[i] := seconds_left[i] + counter.raised_seconds + counter.aside_seconds - counter.used_seconds - counter.held_seconds;
                calls_left[i] := calls_left[i] + counter.raised_calls + counter.aside_calls - counter.used_calls - counter.held_calls;
            ELSE
                missing := missing || i;
            END IF;
        END IF;
        money_least := least(money_least, money_left[i]);
        seconds_least := least(seconds_least, seconds_left[i]);
        calls_least := least(calls_least, calls_left[i]);
    END LOOP;

    FOR i IN REVERSE cardinality(stretches)..1 LOOP
        EXIT WHEN stretches[i] <= had;
        IF costs[i] > had_amount AND costs[i] - had_amount > free THEN
            bound := 'balance';
        ELSIF (costs[i] > had_amount AND costs[i] > money_least) OR stretches[i] > seconds_least OR calls_least < 1 THEN
            SELECT 'limit_' || min(r.period) INTO bound
            FROM unnest(periods, money_left, seconds_left, calls_left) AS r (period, money, seconds, calls)
            WHERE (costs[i] > had_amount AND costs[i] > r.money) OR stretches[i] > r.seconds OR r.calls < 1;
        ELSE
            granted := stretches[i];
            amount := costs[i];
            EXIT;
        END IF;
    END LOOP;
    IF bound <> '' THEN
        recalled := recall_quotas(of_account, at);
    END IF;
    IF granted = 0 THEN
        RETURN;
    END IF;
    IF draws THEN
        UPDATE quota q SET money = q.money - drawn_money, seconds = q.seconds - drawn_seconds, calls = q.calls - 1 WHERE q.id = of_quota;
    END IF;

    had_limits := coalesce(had_limits, '{}');
    IF cardinality(had_limits) > 0 THEN
        UPDATE limit_counter c SET held_money = c.held_money + amount - had_amount, held_seconds = c.held_seconds + granted - had
        WHERE c.id = ANY (had_limits);
    END IF;
    IF cardinality(others) > 0 THEN
        UPDATE limit_counter c SET held_money = c.held_money + amount, held_seconds = c.held_seconds + granted, held_calls = c.held_calls + 1
        WHERE c.id = ANY (others);
    END IF;
    FOREACH i IN ARRAY missing LOOP
        INSERT INTO limit_counter AS c (account, scope, owner, period, starts, held_money, held_seconds, held_calls)
        VALUES (of_account, scopes[i], owners[i], periods[i], period_starts[array_position(period_names, periods[i])], amount, granted, 1)
        RETURNING * INTO counter;
        others := others || counter.id;
    END LOOP;
    INSERT INTO hold AS h (call, account, node, amount, seconds, limits, made_at, touched_at, branch, extension, placed, place_till)
    VALUES (of_call, of_account, of_node, amount, granted, had_limits || others, drawn_at, begun, of_branch, of_extension,
        true, place_from + granted * interval '1 second')
    ON CONFLICT (call) DO UPDATE SET amount = excluded.amount, seconds = excluded.seconds, limits = excluded.limits,
        touched_at = excluded.touched_at, placed = h.ended_at IS NULL, place_till = CASE WHEN h.placed AND h.place_till > at
            THEN h.place_till + (excluded.seconds - h.seconds) * interval '1 second' ELSE excluded.place_till END;
    IF amount <> had_amount THEN
        UPDATE account a SET pending = a.pending + amount - had_amount WHERE a.id = of_account;
    END IF;
END
$$;
-- +goose StatementEnd

-- Proxies of before ask so until they are updated: for calls that draw on no quota.
-- +goose StatementBegin
CREATE FUNCTION reserve(
    of_call uuid, of_account text, of_node text, stretches bigint[], costs bigint[],
    limit_scopes text[], limit_owners text[], limit_periods text[], limit_money bigint[], limit_seconds bigint[], limit_calls bigint[],
    period_names text[], period_starts timestamptz[], begun timestamptz, of_branch text, of_extension text, called text,
    at timestamptz, place_from timestamptz, tenant_most bigint, branch_most bigint, extension_most bigint,
    OUT known boolean, OUT closed boolean, OUT had bigint, OUT granted bigint, OUT bound text, OUT halt text)
    LANGUAGE sql AS $$
    SELECT r.known, r.closed, r.had, r.granted, r.bound, r.halt FROM reserve(of_call, of_account, of_node, stretches, costs,
        limit_scopes, limit_owners, limit_periods, limit_money, limit_seconds, limit_calls, period_names, period_starts, begun, of_branch, of_extension, called,
        at, place_from, tenant_most, branch_most, extension_most, NULL::uuid, 0::bigint, 0::bigint) r
$$;
-- +goose StatementEnd

-- Grants something to a quota, or says why not. The account is locked first. At most one of share parts of what is left in money and in every limit is
-- granted at a time, so that the end stays to be found by calls that ask for themselves. granted_*: all that it was granted so far.
-- +goose StatementBegin
CREATE FUNCTION draw_quota(
    of_id uuid, of_account text, of_node text, of_life text, of_branch text, of_extension text,
    scopes text[], owners text[], periods text[], limit_money bigint[], limit_seconds bigint[], limit_calls bigint[],
    period_names text[], period_starts timestamptz[], at timestamptz, tenant_most bigint, branch_most bigint, extension_most bigint,
    had_money bigint, had_seconds bigint, had_calls bigint, more_money bigint, more_seconds bigint, more_calls bigint,
    least_money bigint, least_seconds bigint, least_calls bigint, reach_seconds bigint, share bigint,
    OUT granted_money bigint, OUT granted_seconds bigint, OUT granted_calls bigint, OUT version bigint, OUT refusal text)
    LANGUAGE plpgsql AS $$
DECLARE
    a          account;
    q          quota;
    counter    limit_counter;
    setting    limit_setting;
    counters   bigint[] := '{}';
    missing    int[] := '{}';
    keys       text[] := '{}';
    n          int := coalesce(cardinality(scopes), 0);
    i          int;
    left_money   bigint;
    left_seconds bigint;
    left_calls   bigint;
    tenants    bigint;
    branches   bigint;
    extensions bigint;
BEGIN
    granted_money := 0;
    granted_seconds := 0;
    granted_calls := 0;
    version := 0;
    refusal := '';
    SELECT * INTO a FROM account WHERE id = of_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'no_account';
        RETURN;
    END IF;
    version := a.rules;
    SELECT * INTO q FROM quota WHERE id = of_id;
    IF FOUND THEN
        granted_money := q.granted_money;
        granted_seconds := q.granted_seconds;
        granted_calls := q.granted_calls;
        version := q.rules;
        IF q.retired_at IS NOT NULL OR q.closed_at IS NOT NULL OR q.finished_beat IS NOT NULL OR q.rules <> a.rules OR q.account <> of_account
            OR q.node <> of_node OR q.life <> of_life THEN
            refusal := 'retired';
            RETURN;
        ELSIF q.granted_money <> had_money OR q.granted_seconds <> had_seconds OR q.granted_calls <> had_calls THEN
            RETURN; -- The answer to an earlier request was lost.
        END IF;
    ELSIF had_calls > 0 THEN
        refusal := 'retired'; -- The ledger went back in time.
        RETURN;
    END IF;
    IF a.suspended THEN
        refusal := 'suspended';
        RETURN;
    ELSIF a.quota_after > at OR EXISTS (SELECT FROM spending_block b WHERE b.account = of_account)
        OR EXISTS (SELECT FROM limit_setting s WHERE s.account = of_account AND s.scope <> 'tenant') THEN
        refusal := 'exact';
        RETURN;
    END IF;

    FOR i IN 1..n LOOP
        keys[i] := periods[i] || scopes[i] || ' ' || owners[i];
    END LOOP;
    FOR setting IN SELECT * FROM limit_setting s WHERE s.account = of_account LOOP -- Goes before what is provisioned.
        i := array_position(keys, setting.period || setting.scope || ' ' || setting.owner);
        IF i IS NULL THEN
            n := n + 1;
            i := n;
            keys[i] := setting.period || setting.scope || ' ' || setting.owner;
            scopes[i] := setting.scope;
            owners[i] := setting.owner;
            periods[i] := setting.period;
        END IF;
        limit_money[i] := coalesce(setting.money, limit_money[i]);
        limit_seconds[i] := coalesce(setting.seconds, limit_seconds[i]);
        limit_calls[i] := coalesce(setting.calls, limit_calls[i]);
    END LOOP;
    left_money := a.credits + a.credit_limit - a.debits - a.pending;
    FOR i IN 1..n LOOP
        SELECT * INTO counter FROM limit_counter c WHERE c.account = of_account AND c.scope = scopes[i] AND c.owner = owners[i]
            AND c.period = periods[i] AND c.starts = period_starts[array_position(period_names, periods[i])];
        IF FOUND THEN
            counters := counters || counter.id;
            left_money := least(left_money, limit_money[i] + counter.raised_money + counter.aside_money - counter.used_money - counter.held_money);
            left_seconds := least(left_seconds, limit_seconds[i] + counter.raised_seconds + counter.aside_seconds - counter.used_seconds - counter.held_seconds);
            left_calls := least(left_calls, limit_calls[i] + counter.raised_calls + counter.aside_calls - counter.used_calls - counter.held_calls);
        ELSE
            missing := missing || i;
            left_money := least(left_money, limit_money[i]);
            left_seconds := least(left_seconds, limit_seconds[i]);
            left_calls := least(left_calls, limit_calls[i]);
        END IF;
    END LOOP;
    IF tenant_most > 0 OR branch_most > 0 OR extension_most > 0 THEN
        SELECT count(*), count(*) FILTER (WHERE h.branch = of_branch), count(*) FILTER (WHERE h.extension = of_extension)
        INTO tenants, branches, extensions FROM hold h WHERE h.account = of_account AND h.placed AND h.place_till > at;
        SELECT tenants + coalesce(sum(o.calls), 0), branches + coalesce(sum(o.calls) FILTER (WHERE o.branch = of_branch), 0),
            extensions + coalesce(sum(o.calls) FILTER (WHERE o.extension = of_extension), 0)
        INTO tenants, branches, extensions FROM quota o WHERE o.account = of_account AND o.closed_at IS NULL;
        left_calls := least(left_calls, CASE WHEN tenant_most > 0 THEN tenant_most - tenants END,
            CASE WHEN branch_most > 0 THEN branch_most - branches END, CASE WHEN extension_most > 0 THEN extension_most - extensions END);
    END IF;
    IF q.id IS NOT NULL AND (cardinality(missing) > 0 OR NOT (q.limits @> counters AND q.limits <@ counters)) THEN
        refusal := 'retired'; -- It counts in other limits, or in periods that are over.
        RETURN;
    END IF;
    more_money := least(more_money, left_money / share);
    more_seconds := least(more_seconds, left_seconds / share);
    more_calls := least(more_calls, left_calls / share);
    IF more_money < least_money OR more_seconds < least_seconds OR more_calls < least_calls OR more_calls < 1 OR more_seconds < 1 THEN
        refusal := 'near';
        RETURN;
    END IF;

    UPDATE limit_counter c SET held_money = c.held_money + more_money, held_seconds = c.held_seconds + more_seconds, held_calls = c.held_calls + more_calls
    WHERE c.id = ANY (counters);
    FOREACH i IN ARRAY missing LOOP
        INSERT INTO limit_counter AS c (account, scope, owner, period, starts, held_money, held_seconds, held_calls)
        VALUES (of_account, scopes[i], owners[i], periods[i], period_starts[array_position(period_names, periods[i])], more_money, more_seconds, more_calls)
        RETURNING * INTO counter;
        counters := counters || counter.id;
    END LOOP;
    UPDATE account SET pending = pending + more_money WHERE id = of_account;
    INSERT INTO quota AS o (id, account, node, life, branch, extension, limits, rules, reach, granted_money, granted_seconds, granted_calls,
        money, seconds, calls, made_at)
    VALUES (of_id, of_account, of_node, of_life, of_branch, of_extension, counters, a.rules, reach_seconds, more_money, more_seconds, more_calls,
        more_money, more_seconds, more_calls, at)
    ON CONFLICT (id) DO UPDATE SET reach = excluded.reach, money = o.money + excluded.money, seconds = o.seconds + excluded.seconds, calls = o.calls + excluded.calls,
        granted_money = o.granted_money + excluded.money, granted_seconds = o.granted_seconds + excluded.seconds, granted_calls = o.granted_calls + excluded.calls;
    granted_money := granted_money + more_money;
    granted_seconds := granted_seconds + more_seconds;
    granted_calls := granted_calls + more_calls;
END
$$;
-- +goose StatementEnd

-- Takes something out of a quota, and out of the account and every limit that it is held in: never more than it has. The account is locked.
-- +goose StatementBegin
CREATE FUNCTION lessen_quota(of_id uuid, less_money bigint, less_seconds bigint, less_calls bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    q quota;
BEGIN
    SELECT * INTO q FROM quota WHERE id = of_id AND closed_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    less_money := least(q.money, less_money);
    less_seconds := least(q.seconds, less_seconds);
    less_calls := least(q.calls, less_calls);
    UPDATE quota SET money = money - less_money, seconds = seconds - less_seconds, calls = calls - less_calls WHERE id = of_id;
    UPDATE limit_counter c SET held_money = c.held_money - less_money, held_seconds = c.held_seconds - less_seconds, held_calls = c.held_calls - less_calls
    WHERE c.id = ANY (q.limits);
    UPDATE account a SET pending = a.pending - less_money WHERE a.id = q.account;
END
$$;
-- +goose StatementEnd

-- Retires a quota: nothing more is dealt out of it, and what no call has drawn is given back. The account is locked.
-- +goose StatementBegin
CREATE FUNCTION retire_quota(of_id uuid, drawn_money bigint, drawn_seconds bigint, drawn_calls bigint, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    q quota;
BEGIN
    SELECT * INTO q FROM quota WHERE id = of_id AND closed_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE quota SET retired_at = coalesce(retired_at, at), granted_money = least(granted_money, drawn_money),
        granted_seconds = least(granted_seconds, drawn_seconds), granted_calls = least(granted_calls, drawn_calls) WHERE id = of_id;
    PERFORM lessen_quota(of_id, greatest(q.granted_money - drawn_money, 0), greatest(q.granted_seconds - drawn_seconds, 0), greatest(q.granted_calls - drawn_calls, 0));
END
$$;
-- +goose StatementEnd

-- Closes a quota: what is still held of it goes back. The account is locked.
-- +goose StatementBegin
CREATE FUNCTION close_quota(of_id uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    q quota;
BEGIN
    SELECT * INTO q FROM quota WHERE id = of_id AND closed_at IS NULL;
    IF FOUND THEN
        PERFORM lessen_quota(of_id, q.money, q.seconds, q.calls);
        UPDATE quota SET closed_at = at, retired_at = coalesce(retired_at, at) WHERE id = of_id;
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- Holds of calls that draw on quotas are not known singly: all proxies have to be stopped, and their quotas closed, before.
DROP FUNCTION close_quota, retire_quota, lessen_quota, draw_quota, reserve(uuid, text, text, bigint[], bigint[], text[], text[], text[], bigint[], bigint[], bigint[], text[], timestamptz[], timestamptz, text, text, text, timestamptz, timestamptz, bigint, bigint, bigint), full_scope, recall_quotas;
DROP FUNCTION reserve(uuid, text, text, bigint[], bigint[], text[], text[], text[], bigint[], bigint[], bigint[], text[], timestamptz[], timestamptz, text, text, text, timestamptz, timestamptz, bigint, bigint, bigint, uuid, bigint, bigint);
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
-- +goose StatementBegin
CREATE FUNCTION reserve(
    of_call uuid, of_account text, of_node text, stretches bigint[], costs bigint[],
    limit_scopes text[], limit_owners text[], limit_periods text[], limit_money bigint[], limit_seconds bigint[], limit_calls bigint[],
    period_names text[], period_starts timestamptz[], begun timestamptz, of_branch text, of_extension text, called text,
    at timestamptz, place_from timestamptz, tenant_most bigint, branch_most bigint, extension_most bigint,
    OUT known boolean, OUT closed boolean, OUT had bigint, OUT granted bigint, OUT bound text, OUT halt text)
    LANGUAGE plpgsql AS $$
DECLARE
    free          bigint;
    suspended     boolean;
    set_by_hand   boolean;
    had_amount    bigint;
    had_limits    bigint[];
    placed        boolean;
    -- The limits that apply, each with its key, its counter if there is one, and what is left in it; null: no cap.
    keys          text[];
    scopes        text[] := limit_scopes;
    owners        text[] := limit_owners;
    periods       text[] := limit_periods;
    money_left    bigint[] := limit_money;
    seconds_left  bigint[] := limit_seconds;
    calls_left    bigint[] := limit_calls;
    counters      bigint[] := '{}';
    others        bigint[] := '{}'; -- Counters that the call is not counted in yet.
    missing       int[] := '{}';    -- Limits without a counter.
    n             int := coalesce(cardinality(limit_scopes), 0);
    i             int;
    setting       limit_setting;
    counter       limit_counter;
    -- The least that is left in any.
    money_least   bigint;
    seconds_least bigint;
    calls_least   bigint;
    amount        bigint;
BEGIN
    granted := 0;
    bound := '';
    halt := '';
    SELECT a.credits + a.credit_limit - a.debits - a.pending, a.suspended INTO free, suspended
    FROM account a WHERE a.id = of_account FOR NO KEY UPDATE;
    known := FOUND;
    SELECT h.amount, h.seconds, h.limits, h.closed_at IS NOT NULL OR h.ended_at IS NOT NULL, h.placed AND h.place_till > at
    INTO had_amount, had, had_limits, closed, placed FROM hold h WHERE h.call = of_call;
    had_amount := coalesce(had_amount, 0);
    had := coalesce(had, 0);
    closed := coalesce(closed, false);
    placed := coalesce(placed, false);
    IF NOT known THEN
        RETURN;
    END IF;

    SELECT EXISTS (SELECT FROM limit_setting s WHERE s.account = of_account), CASE WHEN EXISTS (
        SELECT FROM spending_block b WHERE b.account = of_account AND ((b.scope = 'branch' AND b.owner = of_branch)
            OR (b.scope = 'extension' AND b.owner = of_extension) OR (b.scope = 'destination' AND starts_with(called, b.owner)))
        ) THEN 'blocked' ELSE '' END
    INTO set_by_hand, halt;
    IF suspended THEN
        halt := 'suspended';
    ELSIF halt = '' AND NOT placed AND NOT closed AND (tenant_most > 0 OR branch_most > 0 OR extension_most > 0) THEN
        halt := coalesce(full_scope(of_account, of_branch, of_extension, at, tenant_most, branch_most, extension_most), '');
    END IF;
    IF closed OR halt <> '' THEN
        IF stretches[cardinality(stretches)] > had THEN
            bound := CASE WHEN closed THEN 'closed' ELSE halt END;
        END IF;
        RETURN;
    END IF;

    FOR i IN 1..n LOOP
        keys[i] := periods[i] || scopes[i] || ' ' || owners[i];
    END LOOP;
    IF set_by_hand THEN -- Goes before what is provisioned.
        FOR setting IN SELECT * FROM limit_setting s WHERE s.account = of_account AND (s.scope = 'tenant'
            OR (s.scope = 'branch' AND s.owner = of_branch) OR (s.scope = 'extension' AND s.owner = of_extension))
        LOOP
            i := array_position(keys, setting.period || setting.scope || ' ' || setting.owner);
            IF i IS NULL THEN
                n := n + 1;
                i := n;
                keys[i] := setting.period || setting.scope || ' ' || setting.owner;
                scopes[i] := setting.scope;
                owners[i] := setting.owner;
                periods[i] := setting.period;
            END IF;
            money_left[i] := coalesce(setting.money, money_left[i]);
            seconds_left[i] := coalesce(setting.seconds, seconds_left[i]);
            calls_left[i] := coalesce(setting.calls, calls_left[i]);
        END LOOP;
    END IF;
    IF cardinality(had_limits) > 0 THEN -- In these the call is counted, whatever period it is now; what it holds is its own.
        FOR counter IN SELECT * FROM limit_counter c WHERE c.id = ANY (had_limits) LOOP
            i := array_position(keys, counter.period || counter.scope || ' ' || counter.owner);
            CONTINUE WHEN i IS NULL; -- Its limit is no more.
            counters[i] := counter.id;
            money_left[i] := money_left[i] + counter.raised_money + counter.aside_money - counter.used_money - counter.held_money + had_amount;
            seconds_left[i] := seconds_left[i] + counter.raised_seconds + counter.aside_seconds - counter.used_seconds - counter.held_seconds + had;
            calls_left[i] := calls_left[i] + counter.raised_calls + counter.aside_calls - counter.used_calls - counter.held_calls + 1;
        END LOOP;
    END IF;
    FOR i IN 1..n LOOP
        IF counters[i] IS NULL THEN
            SELECT * INTO counter FROM limit_counter c WHERE c.account = of_account AND c.scope = scopes[i] AND c.owner = owners[i]
                AND c.period = periods[i] AND c.starts = period_starts[array_position(period_names, periods[i])];
            IF FOUND THEN
                others := others || counter.id;
                money_left[i] := money_left[i] + counter.raised_money + counter.aside_money - counter.used_money - counter.held_money;
                seconds_left[i] := seconds_left[i] + counter.raised_seconds + counter.aside_seconds - counter.used_seconds - counter.held_seconds;
                calls_left[i] := calls_left[i] + counter.raised_calls + counter.aside_calls - counter.used_calls - counter.held_calls;
            ELSE
                missing := missing || i;
            END IF;
        END IF;
        money_least := least(money_least, money_left[i]);
        seconds_least := least(seconds_least, seconds_left[i]);
        calls_least := least(calls_least, calls_left[i]);
    END LOOP;

    FOR i IN REVERSE cardinality(stretches)..1 LOOP
        EXIT WHEN stretches[i] <= had;
        IF costs[i] > had_amount AND costs[i] - had_amount > free THEN
            bound := 'balance';
        ELSIF (costs[i] > had_amount AND costs[i] > money_least) OR stretches[i] > seconds_least OR calls_least < 1 THEN
            SELECT 'limit_' || min(r.period) INTO bound
            FROM unnest(periods, money_left, seconds_left, calls_left) AS r (period, money, seconds, calls)
            WHERE (costs[i] > had_amount AND costs[i] > r.money) OR stretches[i] > r.seconds OR r.calls < 1;
        ELSE
            granted := stretches[i];
            amount := costs[i];
            EXIT;
        END IF;
    END LOOP;
    IF granted = 0 THEN
        RETURN;
    END IF;

    had_limits := coalesce(had_limits, '{}');
    IF cardinality(had_limits) > 0 THEN
        UPDATE limit_counter c SET held_money = c.held_money + amount - had_amount, held_seconds = c.held_seconds + granted - had
        WHERE c.id = ANY (had_limits);
    END IF;
    IF cardinality(others) > 0 THEN
        UPDATE limit_counter c SET held_money = c.held_money + amount, held_seconds = c.held_seconds + granted, held_calls = c.held_calls + 1
        WHERE c.id = ANY (others);
    END IF;
    FOREACH i IN ARRAY missing LOOP
        INSERT INTO limit_counter AS c (account, scope, owner, period, starts, held_money, held_seconds, held_calls)
        VALUES (of_account, scopes[i], owners[i], periods[i], period_starts[array_position(period_names, periods[i])], amount, granted, 1)
        RETURNING * INTO counter;
        others := others || counter.id;
    END LOOP;
    INSERT INTO hold AS h (call, account, node, amount, seconds, limits, made_at, touched_at, branch, extension, placed, place_till)
    VALUES (of_call, of_account, of_node, amount, granted, had_limits || others, begun, begun, of_branch, of_extension,
        true, place_from + granted * interval '1 second')
    ON CONFLICT (call) DO UPDATE SET amount = excluded.amount, seconds = excluded.seconds, limits = excluded.limits,
        touched_at = excluded.touched_at, placed = h.ended_at IS NULL, place_till = CASE WHEN h.placed AND h.place_till > at
            THEN h.place_till + (excluded.seconds - h.seconds) * interval '1 second' ELSE excluded.place_till END;
    IF amount <> had_amount THEN
        UPDATE account a SET pending = a.pending + amount - had_amount WHERE a.id = of_account;
    END IF;
END
$$;
-- +goose StatementEnd
ALTER TABLE dead_leg DROP COLUMN quota;
DROP TABLE quota;
ALTER TABLE account DROP COLUMN rules, DROP COLUMN quota_after;
