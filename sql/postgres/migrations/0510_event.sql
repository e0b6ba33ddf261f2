-- What happened, for those who asked to be told. Triggers write it with what it tells of: neither is there without the other.

-- +goose Up
CREATE TABLE event (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now(),
    kind          text NOT NULL,
    tenant        text NOT NULL DEFAULT '',
    object        text NOT NULL,
    text          text NOT NULL,
    data          jsonb NOT NULL DEFAULT '{}',
    dispatched_at timestamptz
);
CREATE INDEX event_new ON event (id) WHERE dispatched_at IS NULL;
CREATE INDEX event_old ON event (dispatched_at) WHERE dispatched_at IS NOT NULL;

-- Up to which posting calls were told of as rated.
CREATE TABLE event_cursor (
    name text PRIMARY KEY,
    id   bigint NOT NULL
);

ALTER TABLE alert_delivery ALTER COLUMN alarm DROP NOT NULL;
ALTER TABLE alert_delivery ADD COLUMN event bigint REFERENCES event;
ALTER TABLE alert_delivery DROP CONSTRAINT alert_delivery_state_check;
ALTER TABLE alert_delivery ADD CHECK (state IN ('fires', 'cleared', 'happened'));
ALTER TABLE alert_delivery ADD CHECK ((alarm IS NULL) = (event IS NOT NULL));
CREATE INDEX alert_delivery_event ON alert_delivery (event) WHERE event IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION invoice_happened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (kind, tenant, object, text, data) VALUES (
        CASE NEW.kind WHEN 'invoice' THEN 'invoice.issued' ELSE 'invoice.credited' END, NEW.tenant, NEW.number,
        format('%s %s of %s for %s', replace(NEW.kind, '_', ' '), NEW.number, NEW.tenant, NEW.period),
        jsonb_build_object('number', NEW.number, 'period', NEW.period, 'currency', NEW.currency, 'total', (NEW.total / 1000000.0)::numeric(24, 6)::text));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER invoice_happened AFTER INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION invoice_happened();

-- +goose StatementBegin
CREATE FUNCTION dead_leg_happened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (kind, tenant, object, text, data)
    SELECT 'call.unrated', tenant, reason, format('%s legs cannot be rated: %s', count(*), min(detail)), jsonb_build_object('legs', count(*), 'reason', reason)
    FROM fresh GROUP BY tenant, reason;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER dead_leg_happened AFTER INSERT ON dead_leg REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION dead_leg_happened();

-- +goose StatementBegin
CREATE FUNCTION file_happened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name NOT LIKE '%.mapping.json' THEN
        INSERT INTO event (kind, object, text, data) VALUES ('deck.applied', NEW.name, format('%s was changed by %s', NEW.name, NEW.changed_by),
            jsonb_build_object('file', NEW.name, 'revision', NEW.revision, 'by', NEW.changed_by));
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER file_happened AFTER INSERT ON provision_file_history FOR EACH ROW EXECUTE FUNCTION file_happened();

-- +goose StatementBegin
CREATE FUNCTION limit_happened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (kind, tenant, object, text, data) VALUES ('limit.changed', split_part(NEW.account, '/', 2), trim(NEW.scope || ' ' || NEW.owner),
        format('%s of %s %s by %s: %s', NEW.what, NEW.scope, NEW.owner, NEW.done_by, NEW.reason),
        jsonb_build_object('what', NEW.what, 'scope', NEW.scope, 'owner', NEW.owner, 'detail', NEW.detail, 'reason', NEW.reason, 'by', NEW.done_by));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER limit_happened AFTER INSERT ON limit_log FOR EACH ROW EXECUTE FUNCTION limit_happened();

-- +goose Down
DROP TRIGGER limit_happened ON limit_log;
DROP TRIGGER file_happened ON provision_file_history;
DROP TRIGGER dead_leg_happened ON dead_leg;
DROP TRIGGER invoice_happened ON invoice;
DROP FUNCTION limit_happened, file_happened, dead_leg_happened, invoice_happened;
DELETE FROM alert_delivery WHERE event IS NOT NULL;
ALTER TABLE alert_delivery DROP COLUMN event, ALTER COLUMN alarm SET NOT NULL;
DROP TABLE event_cursor, event;
