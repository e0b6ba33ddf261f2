-- Exchange rates that were fetched or imported, beside those of the operator's settings. A rate is never changed.

-- +goose Up
CREATE TABLE exchange_rate (
    source    text NOT NULL CHECK (source <> ''), -- ecb, cbr, list.
    base      text NOT NULL CHECK (base ~ '^[A-Z]{3}$'),
    quote     text NOT NULL CHECK (quote ~ '^[A-Z]{3}$' AND quote <> base),
    day       date NOT NULL, -- From the beginning of it, UTC.
    rate      numeric NOT NULL CHECK (rate > 0), -- Units of quote for one of base.
    taken_at  timestamptz NOT NULL,
    PRIMARY KEY (base, quote, day, source)
);

-- Every time that somebody asked for rates, and what came of it.
CREATE TABLE exchange_fetch (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin   text NOT NULL, -- Address or file.
    done_at  timestamptz NOT NULL,
    done_by  text NOT NULL,
    source   text NOT NULL, -- Empty: it failed.
    fresh    integer NOT NULL CHECK (fresh >= 0),
    failure  text NOT NULL
);
CREATE INDEX exchange_fetch_origin ON exchange_fetch (origin, id);

ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply', 'rates'));

-- +goose Down
DELETE FROM job WHERE kind = 'rates';
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'check', 'close', 'compare', 'apply'));
DROP TABLE exchange_fetch, exchange_rate;
