-- The chain over each tenant's audit log and its signed checkpoints; package
-- chain says what they are. Both only grow: no role may change a row, and the
-- mover deletes rows only with the whole tenant. They move with the tenant.

-- +goose Up
CREATE TABLE audit_chain (
    tenant_id uuid   NOT NULL,
    seq       bigint NOT NULL CHECK (seq > 0), -- 1, 2, 3 …
    audit_id  uuid   NOT NULL,
    hash      bytea  NOT NULL CHECK (length(hash) = 32),
    newest    uuid   NOT NULL, -- the greatest audit_id up to here
    PRIMARY KEY (tenant_id, seq)
);
COMMENT ON TABLE audit_chain IS 'tenancy: tenant';
CREATE UNIQUE INDEX audit_chain_entry ON audit_chain (tenant_id, audit_id);

CREATE TABLE audit_checkpoints (
    tenant_id  uuid        NOT NULL,
    no         bigint      NOT NULL CHECK (no > 0), -- 1, 2, 3 …
    seq        bigint      NOT NULL CHECK (seq > 0), -- the chain up to here
    hash       bytea       NOT NULL CHECK (length(hash) = 32),
    previous   bytea       NOT NULL CHECK (length(previous) = 32), -- digest of the checkpoint before
    cell       text        NOT NULL, -- who signed
    signed_at  timestamptz NOT NULL,
    public_key bytea       NOT NULL CHECK (length(public_key) = 32),
    signature  bytea       NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (tenant_id, no)
);
COMMENT ON TABLE audit_checkpoints IS 'tenancy: tenant';
CREATE UNIQUE INDEX audit_checkpoints_seq ON audit_checkpoints (tenant_id, seq);
CREATE INDEX audit_checkpoints_signed ON audit_checkpoints (signed_at);

SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['audit_chain', 'audit_checkpoints'] LOOP
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
        EXECUTE format('GRANT SELECT ON %I TO cell_app', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- The sealer looks for what is new in the whole cell. Times of a tenant's log
-- are looked up by its ids, which begin with the time.
CREATE INDEX audit_logs_at ON audit_logs (at);
CREATE INDEX audit_logs_actor ON audit_logs (tenant_id, actor_id, audit_id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_logs_action ON audit_logs (tenant_id, action, audit_id);
CREATE INDEX audit_logs_subject ON audit_logs (tenant_id, subject_id, audit_id);
