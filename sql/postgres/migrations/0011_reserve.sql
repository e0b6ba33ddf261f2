-- A reservation, decided and written on the server. As one statement of many parts it took twenty nodes of a plan to be set up and
-- taken down for each call; here only those statements run that a call needs, and most calls have neither limits nor blocks.

-- +goose Up
-- Holds money for a call, or says why not. The account is locked first: what follows sees all that the former owner of the lock did.
--
-- Counters of the limits that apply are those in which the call is counted already, and for limits that are new to it those of its
-- period now; what the call itself holds is left out of account. The longest stretch that the balance and all limits allow is taken,
-- if the call has a place or there is one. Stretches rise in time and never fall in cost, so every one that is longer than a bounded one
-- is bounded, too.
--
-- known: there is such an account. closed: the call is over. had, granted: seconds before, and now (0: nothing new). bound: what keeps it
-- from the next longer stretch. halt: what keeps it from having more whatever it costs.
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

-- +goose Down
DROP FUNCTION reserve;
