-- Roles that a tenant makes for itself, and API keys that are narrower than
-- their user or end by themselves. A program of the schema before takes a user
-- with such a role for one without rights.

-- +goose Up
CREATE TABLE roles (
    tenant_id   uuid        NOT NULL,
    role_id     uuid        NOT NULL,
    name        text        NOT NULL CHECK (lower(name) NOT IN ('owner', 'admin', 'member', 'viewer', 'custom')),
    description text        NOT NULL,
    permissions text[]      NOT NULL, -- what a program does not know of them says nothing
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, role_id)
);
COMMENT ON TABLE roles IS 'tenancy: tenant';
CREATE UNIQUE INDEX roles_name ON roles (tenant_id, lower(name));

-- See 00007: what is distributed already needs this one to be, too.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            PERFORM create_distributed_table('roles', 'tenant_id', colocate_with => 'tenants');
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE roles ADD CONSTRAINT roles_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id);

ALTER TABLE roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE roles FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON roles TO cell_mover USING (true) WITH CHECK (true);
CREATE POLICY tenant ON roles TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON roles TO cell_mover;
GRANT SELECT, INSERT, UPDATE, DELETE ON roles TO cell_app;

-- A role is 'custom' exactly where role_id says which. The foreign key keeps a
-- role that somebody has.
ALTER TABLE users ADD COLUMN role_id uuid;
ALTER TABLE users DROP CONSTRAINT users_role_check;
ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'custom'));
ALTER TABLE users ADD CONSTRAINT users_role_custom CHECK ((role = 'custom') = (role_id IS NOT NULL));
ALTER TABLE users ADD CONSTRAINT users_role FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, role_id);
CREATE INDEX users_role_id ON users (tenant_id, role_id) WHERE role_id IS NOT NULL;

ALTER TABLE api_keys
    ADD COLUMN scopes     text[] NOT NULL DEFAULT '{}', -- permissions; none: all that the user has
    ADD COLUMN expires_at timestamptz;                  -- NULL: never
