-- Who signs in, with what, and what was done.

-- +goose Up
CREATE TABLE person (
    login        text PRIMARY KEY CHECK (login <> ''),
    name         text NOT NULL,
    email        text NOT NULL,
    role         text NOT NULL CHECK (role IN ('operator', 'noc', 'accountant', 'auditor', 'manager', 'branch_manager')),
    tenant       text NOT NULL,
    branch       text NOT NULL,
    language     text NOT NULL,
    disabled     boolean NOT NULL DEFAULT false,
    password     text NOT NULL DEFAULT '',
    totp         text NOT NULL DEFAULT '',
    totp_pending text NOT NULL DEFAULT '',
    totp_step    bigint NOT NULL DEFAULT 0,
    failures     integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    made_at      timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    signed_in_at timestamptz,
    -- Nobody of a tenant sees all tenants by an empty word, and no one of ours is bound to one.
    CHECK ((role IN ('manager', 'branch_manager')) = (tenant <> '')),
    CHECK ((role = 'branch_manager') = (branch <> ''))
);

CREATE TABLE person_session (
    hash    bytea PRIMARY KEY,
    id      text NOT NULL UNIQUE,
    login   text NOT NULL REFERENCES person ON DELETE CASCADE,
    made_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    till    timestamptz NOT NULL,
    source  text NOT NULL,
    agent   text NOT NULL
);
CREATE INDEX person_session_login ON person_session (login);
CREATE INDEX person_session_till ON person_session (till);

CREATE TABLE person_link (
    hash    bytea PRIMARY KEY,
    login   text NOT NULL REFERENCES person ON DELETE CASCADE,
    till    timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE api_key (
    id         text PRIMARY KEY,
    hash       bytea NOT NULL UNIQUE,
    login      text NOT NULL REFERENCES person ON DELETE CASCADE,
    name       text NOT NULL,
    scopes     text[] NOT NULL,
    made_at    timestamptz NOT NULL,
    till       timestamptz,
    used_at    timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_key_login ON api_key (login, made_at);

-- What people and programs did. What they did to the provisioning stands in provision_history.
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    by_whom text NOT NULL,
    source  text NOT NULL,
    tenant  text NOT NULL,
    action  text NOT NULL,
    object  text NOT NULL,
    before  text,
    after   text
);
CREATE INDEX audit_at ON audit (at);

-- Answers to writes that carried an Idempotency-Key.
CREATE TABLE answered (
    who     text NOT NULL,
    key     text NOT NULL,
    request bytea NOT NULL,
    at      timestamptz NOT NULL,
    status  integer,
    header  text NOT NULL DEFAULT '',
    body    bytea,
    PRIMARY KEY (who, key)
);
CREATE INDEX answered_at ON answered (at);

-- +goose Down
DROP TABLE answered, audit, api_key, person_link, person_session, person;
