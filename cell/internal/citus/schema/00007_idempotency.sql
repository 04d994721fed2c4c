-- Answers to writes that carried an Idempotency-Key, so that a repeated request
-- gets the first one's. They move with the tenant.

-- +goose Up
CREATE TABLE idempotency_keys (
    tenant_id   uuid        NOT NULL,
    caller      bytea       NOT NULL CHECK (length(caller) = 32), -- who used the key; see idempotency.go
    key         text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),
    status      integer     NOT NULL DEFAULT 0, -- 0 only within the transaction that executes the request
    etag        text        NOT NULL DEFAULT '',
    location    text        NOT NULL DEFAULT '',
    media_type  text        NOT NULL DEFAULT '',
    body        bytea       NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, caller, key)
);
COMMENT ON TABLE idempotency_keys IS 'tenancy: tenant';
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- A local table cannot refer to a distributed one: where the others are
-- distributed already, this one is before it does. One connection a node, since
-- all is one transaction.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            PERFORM create_distributed_table('idempotency_keys', 'tenant_id', colocate_with => 'tenants');
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON idempotency_keys TO cell_mover USING (true) WITH CHECK (true);
CREATE POLICY tenant ON idempotency_keys TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO cell_mover;
GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO cell_app;
