-- Webhooks: where a tenant wants to be told of what happens, what it is to be
-- told, and what became of it. Package webhooks says how. They move with the
-- tenant.

-- +goose Up
CREATE TABLE webhook_endpoints (
    tenant_id        uuid        NOT NULL,
    endpoint_id      uuid        NOT NULL,
    url              text        NOT NULL,
    description      text        NOT NULL,
    events           text[]      NOT NULL, -- empty: all
    active           boolean     NOT NULL,
    secret           bytea       NOT NULL CHECK (length(secret) = 32),
    old_secret       bytea       CHECK (length(old_secret) = 32),
    old_secret_until timestamptz,
    failing_since    timestamptz,
    disabled_reason  text        NOT NULL DEFAULT '',
    version          bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint_id)
);
COMMENT ON TABLE webhook_endpoints IS 'tenancy: tenant';
COMMENT ON COLUMN webhook_endpoints.secret IS 'secrecy: secret';
COMMENT ON COLUMN webhook_endpoints.old_secret IS 'secrecy: secret';
COMMENT ON COLUMN webhook_endpoints.old_secret_until IS 'secrecy: none';

-- An endpoint has an event once: the key says so.
CREATE TABLE webhook_deliveries (
    tenant_id   uuid        NOT NULL,
    endpoint_id uuid        NOT NULL,
    event_id    uuid        NOT NULL, -- an audit_id
    event       text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts    integer     NOT NULL DEFAULT 0,
    tries       integer     NOT NULL DEFAULT 0, -- since it was replayed
    next_at     timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint_id, event_id)
);
COMMENT ON TABLE webhook_deliveries IS 'tenancy: tenant';
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (tenant_id, endpoint_id, state, event_id);
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (updated_at) WHERE state <> 'pending';

CREATE TABLE webhook_attempts (
    tenant_id   uuid        NOT NULL,
    endpoint_id uuid        NOT NULL,
    event_id    uuid        NOT NULL,
    no          integer     NOT NULL CHECK (no > 0),
    at          timestamptz NOT NULL,
    duration_ms integer     NOT NULL,
    status      integer     NOT NULL, -- 0: no answer
    error       text        NOT NULL,
    response    text        NOT NULL, -- its beginning
    PRIMARY KEY (tenant_id, endpoint_id, event_id, no)
);
COMMENT ON TABLE webhook_attempts IS 'tenancy: tenant';

SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['webhook_endpoints', 'webhook_deliveries', 'webhook_attempts'] LOOP
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
            IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
                PERFORM create_distributed_table(t::regclass, 'tenant_id', colocate_with => 'tenants');
            END IF;
        END IF;
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)', t, t || '_tenant');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY mover ON %I TO cell_mover USING (true) WITH CHECK (true)', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO cell_app
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
            WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)$p$, t);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO cell_mover', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO cell_app', t);
    END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_endpoint
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, endpoint_id) ON DELETE CASCADE;
ALTER TABLE webhook_attempts ADD CONSTRAINT webhook_attempts_delivery
    FOREIGN KEY (tenant_id, endpoint_id, event_id) REFERENCES webhook_deliveries (tenant_id, endpoint_id, event_id) ON DELETE CASCADE;
