-- The fence: who may serve a tenant. fence.go says how it is read and changed.
-- Every table declares its tenancy class in its comment:
--   fence   the cell's own record about a tenant; never copied to another cell
--   tenant  the tenant's rows; they move with it

-- +goose Up
CREATE TABLE tenants (
    tenant_id    uuid        NOT NULL PRIMARY KEY,
    slug         text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('importing', 'live', 'frozen', 'sealed', 'departed')),
    epoch        bigint      NOT NULL CHECK (epoch > 0),
    freeze_no    bigint      NOT NULL DEFAULT 0,
    frozen_until timestamptz,
    moved_to     text,
    moved_epoch  bigint,
    content_hash bytea       NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'departed') = (moved_to IS NOT NULL AND moved_epoch IS NOT NULL)),
    CHECK (state <> 'frozen' OR frozen_until IS NOT NULL)
);
COMMENT ON TABLE tenants IS 'tenancy: fence';
CREATE INDEX tenants_frozen ON tenants (frozen_until) WHERE state = 'frozen';

-- Writers join the gate and never lock it; whoever freezes closes it first, so
-- that a crowd of share locks on tenants cannot starve the freeze.
CREATE TABLE tenant_gate (
    tenant_id uuid        NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id),
    open      boolean     NOT NULL,
    closed_at timestamptz,
    CHECK (open OR closed_at IS NOT NULL)
);
COMMENT ON TABLE tenant_gate IS 'tenancy: fence';
CREATE INDEX tenant_gate_closed ON tenant_gate (closed_at) WHERE NOT open;
