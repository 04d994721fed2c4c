-- An import that was ended does not come back: not by a message of an
-- orchestrator that died long ago and was only now delivered.

-- +goose Up
CREATE TABLE ended_imports (
    tenant_id    uuid        NOT NULL,
    migration_id uuid        NOT NULL,
    ended_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, migration_id)
);
COMMENT ON TABLE ended_imports IS 'tenancy: fence';
ALTER TABLE ended_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE ended_imports FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON ended_imports TO cell_mover USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON ended_imports TO cell_mover;
CREATE POLICY tenant ON ended_imports TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
