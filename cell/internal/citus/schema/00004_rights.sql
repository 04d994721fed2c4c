-- Row-level security and rights. Three roles, none of which owns anything or
-- may bypass the policies:
--   cell_app    the API and the workers' effects: one tenant at a time, named
--               by SET LOCAL app.tenant_id; without it no row is visible
--   cell_relay  moves jobs between rows and the broker: jobs of all tenants
--   cell_mover  a tenant's life in the cell (arrive, freeze, leave): all tenants

-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['tenants', 'tenant_gate', 'organizations', 'users', 'api_keys', 'workspaces', 'projects', 'audit_logs', 'jobs'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY mover ON %I TO cell_mover USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO cell_mover', t);
        EXECUTE format('GRANT SELECT ON %I TO cell_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['organizations', 'users', 'api_keys', 'workspaces', 'projects', 'audit_logs', 'jobs'] LOOP
        EXECUTE format($p$CREATE POLICY tenant ON %I TO cell_app
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
            WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)$p$, t);
    END LOOP;
    -- The fence: only the mover changes it. A share lock needs the right to
    -- update some column; WITH CHECK (false) makes it a right to lock only.
    FOREACH t IN ARRAY ARRAY['tenants', 'tenant_gate'] LOOP
        EXECUTE format($p$CREATE POLICY tenant ON %I FOR SELECT TO cell_app
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)$p$, t);
        EXECUTE format('CREATE POLICY relay ON %I FOR SELECT TO cell_relay USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO cell_relay', t);
        EXECUTE format('GRANT UPDATE ON %I TO cell_mover', t);
    END LOOP;
END $$;
-- +goose StatementEnd
CREATE POLICY tenant_lock ON tenants FOR UPDATE TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK (false);
CREATE POLICY relay_lock ON tenants FOR UPDATE TO cell_relay USING (true) WITH CHECK (false);
GRANT UPDATE (tenant_id) ON tenants TO cell_app, cell_relay;

GRANT UPDATE (name, version, updated_at) ON organizations TO cell_app;
GRANT INSERT, UPDATE, DELETE ON users, workspaces, projects TO cell_app;
GRANT INSERT ON audit_logs TO cell_app;
GRANT INSERT, UPDATE (state, attempts, run_at, last_error, updated_at) ON jobs TO cell_app;

CREATE POLICY relay ON jobs TO cell_relay USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, job_id, state, attempts, run_at, updated_at), UPDATE (state, updated_at) ON jobs TO cell_relay;

GRANT SELECT ON goose_db_version TO cell_app, cell_relay, cell_mover;
