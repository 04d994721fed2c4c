-- +goose Up

-- One row a sign-up, found by its Idempotency-Key. No personal data.
CREATE TABLE signups (
    signup_id    uuid PRIMARY KEY,
    key_hash     bytea       NOT NULL UNIQUE,
    request_hash bytea       NOT NULL,
    tenant_id    uuid        NOT NULL,
    cell_id      text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('reserved', 'committed', 'done', 'undone')),
    lease        uuid        NOT NULL,
    lease_until  timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX signups_unfinished ON signups (lease_until) WHERE state IN ('reserved', 'committed');
CREATE INDEX signups_finished ON signups (updated_at) WHERE state IN ('done', 'undone');
CREATE INDEX signups_by_tenant ON signups (tenant_id);

-- Rows that a cell may hold of tenants that the directory has given up.
CREATE TABLE removals (
    tenant_id uuid        NOT NULL,
    cell_id   text        NOT NULL,
    epoch     bigint      NOT NULL,
    due_at    timestamptz NOT NULL,
    tries     integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, cell_id)
);
CREATE INDEX removals_due ON removals (due_at);

-- +goose Down
DROP TABLE removals, signups;
