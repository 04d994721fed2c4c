-- Where each tenant's audit log begins, once its plan keeps the rest no longer;
-- package chain says how. One row a tenant, replaced as the horizon moves: no
-- role may change one. It moves with the tenant.

-- +goose Up
CREATE TABLE audit_horizons (
    tenant_id  uuid        NOT NULL,
    seq        bigint      NOT NULL CHECK (seq > 0), -- what is up to this place of the chain may be gone
    audit_id   uuid        NOT NULL,
    hash       bytea       NOT NULL CHECK (length(hash) = 32),
    newest     uuid        NOT NULL,
    checkpoint bigint      NOT NULL CHECK (checkpoint > 0), -- number of the one at that place
    digest     bytea       NOT NULL CHECK (length(digest) = 32), -- of that checkpoint
    before     timestamptz NOT NULL, -- what is gone was older
    cell       text        NOT NULL, -- who signed
    signed_at  timestamptz NOT NULL,
    public_key bytea       NOT NULL CHECK (length(public_key) = 32),
    signature  bytea       NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (tenant_id)
);
COMMENT ON TABLE audit_horizons IS 'tenancy: tenant';
COMMENT ON COLUMN audit_horizons.hash IS 'secrecy: none';

SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            PERFORM create_distributed_table('audit_horizons', 'tenant_id', colocate_with => 'tenants');
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE audit_horizons ADD CONSTRAINT audit_horizons_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id);

ALTER TABLE audit_horizons ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_horizons FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON audit_horizons TO cell_mover USING (true) WITH CHECK (true);
CREATE POLICY tenant ON audit_horizons TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON audit_horizons TO cell_mover;
GRANT SELECT ON audit_horizons TO cell_app;
