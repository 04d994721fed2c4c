-- +goose Up

-- A cell's row is also where its places are counted: placing a tenant, counting
-- it and checking the cell's state is one conditional update of one row.
CREATE TABLE cells (
    cell_id           text PRIMARY KEY,
    region            text        NOT NULL,
    tier              text        NOT NULL,
    endpoint          text        NOT NULL,
    internal_endpoint text        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('provisioning', 'active', 'cordoned', 'draining', 'retired')),
    version           bigint      NOT NULL DEFAULT 0,
    capacity_tenants  integer     NOT NULL CHECK (capacity_tenants > 0),
    assigned_tenants  integer     NOT NULL DEFAULT 0 CHECK (assigned_tenants >= 0),
    registered_at     timestamptz NOT NULL
) WITH (fillfactor = 20);

-- Apart from cells: heartbeats never wait for placements.
CREATE TABLE cell_heartbeats (
    cell_id             text PRIMARY KEY REFERENCES cells,
    at                  timestamptz      NOT NULL,
    tenants             integer          NOT NULL,
    capacity_tenants    integer          NOT NULL,
    cpu                 double precision NOT NULL,
    requests_per_second double precision NOT NULL,
    queue_depth         bigint           NOT NULL
) WITH (fillfactor = 20);

-- No foreign key to cells: it would lock one row from every import at once, and
-- cells are never deleted.
CREATE TABLE tenants (
    tenant_id        uuid PRIMARY KEY,
    version          bigint      NOT NULL DEFAULT 0,
    epoch            bigint      NOT NULL DEFAULT 1,
    state            text        NOT NULL CHECK (state IN ('provisioning', 'active', 'suspended', 'deleting', 'deleted')),
    cell_id          text        NOT NULL,
    plan             text        NOT NULL,
    slug             text        NOT NULL,
    domains          text[]      NOT NULL DEFAULT '{}', -- the verified ones, sorted
    reaping          boolean     NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    delete_after     timestamptz,
    resume_to        text        NOT NULL DEFAULT '',
    organization     text        NOT NULL,
    residency        text        NOT NULL DEFAULT '',
    placement_reason text        NOT NULL DEFAULT '',
    suspended_reason text        NOT NULL DEFAULT ''
) WITH (fillfactor = 90);
CREATE INDEX tenants_by_cell ON tenants (cell_id, tenant_id);
CREATE INDEX tenants_not_active ON tenants (state, tenant_id) WHERE state <> 'active';

-- What no two tenants may have at once, and what leads to a tenant.
CREATE TABLE claims (
    kind      text NOT NULL CHECK (kind IN ('slug', 'domain')),
    value     text NOT NULL,
    tenant_id uuid NOT NULL,
    PRIMARY KEY (kind, value)
);

CREATE TABLE custom_domains (
    tenant_id   uuid        NOT NULL,
    domain      text        NOT NULL,
    token       text        NOT NULL,
    created_at  timestamptz NOT NULL,
    verified_at timestamptz,
    PRIMARY KEY (tenant_id, domain)
);

-- The directory's version. Every transaction that changes the directory updates
-- this row as its last statement: the row lock makes commit order and version
-- order the same, and a rollback gives the number back, so there are no gaps.
CREATE TABLE directory_counter (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint  NOT NULL
) WITH (fillfactor = 10);
INSERT INTO directory_counter (version) VALUES (0);

-- The change log, which is the relay's outbox as well. tenant_id is null in a
-- change of a cell, endpoint in a change of a tenant.
CREATE TABLE directory_changes (
    version   bigint PRIMARY KEY,
    at        timestamptz NOT NULL,
    tenant_id uuid,
    slug      text,
    domains   text[],
    epoch     bigint,
    plan      text,
    cell_id   text        NOT NULL,
    region    text        NOT NULL,
    state     text        NOT NULL,
    endpoint  text
);

-- How far the log was relayed, and up to where it was pruned.
CREATE TABLE directory_relay (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    relayed bigint  NOT NULL,
    pruned  bigint  NOT NULL,
    CHECK (pruned <= relayed)
) WITH (fillfactor = 10);
INSERT INTO directory_relay (relayed, pruned) VALUES (0, 0);

-- +goose Down
DROP TABLE directory_relay, directory_changes, directory_counter, custom_domains, claims, tenants, cell_heartbeats, cells;
