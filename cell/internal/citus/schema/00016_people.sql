-- Invitations, sessions, members of workspaces; tags and search of projects.

-- +goose Up
-- An invitation is a user to be. Its link works once: accepting it removes the
-- row. Only hashes of its tokens are here, one for each mail that was sent.
CREATE TABLE invitations (
    tenant_id     uuid        NOT NULL,
    invitation_id uuid        NOT NULL,
    email         text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'custom')),
    role_id       uuid,
    token_hashes  bytea[]     NOT NULL DEFAULT '{}',
    expires_at    timestamptz NOT NULL,
    version       bigint      NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, invitation_id),
    CONSTRAINT invitations_custom CHECK ((role = 'custom') = (role_id IS NOT NULL))
);
COMMENT ON TABLE invitations IS 'tenancy: tenant';
COMMENT ON COLUMN invitations.token_hashes IS 'secrecy: secret';
CREATE UNIQUE INDEX invitations_email ON invitations (tenant_id, lower(email));

CREATE TABLE sessions (
    tenant_id    uuid        NOT NULL,
    session_id   uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    secret_hash  bytea       NOT NULL CHECK (length(secret_hash) = 32),
    address      text        NOT NULL, -- from where it was begun, for the user to recognise it
    user_agent   text        NOT NULL,
    expires_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, session_id)
);
COMMENT ON TABLE sessions IS 'tenancy: tenant';
COMMENT ON COLUMN sessions.secret_hash IS 'secrecy: secret';
CREATE UNIQUE INDEX sessions_secret ON sessions (tenant_id, secret_hash);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id);

CREATE TABLE workspace_members (
    tenant_id    uuid        NOT NULL,
    workspace_id uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, workspace_id, user_id)
);
COMMENT ON TABLE workspace_members IS 'tenancy: tenant';
CREATE INDEX workspace_members_user ON workspace_members (tenant_id, user_id);

-- The words of projects, for search by their beginnings. Under row-level
-- security Postgres uses an index only for operators that are leakproof: those
-- that compare texts are, those of full-text search are not.
CREATE TABLE project_terms (
    tenant_id  uuid NOT NULL,
    term       text COLLATE "C" NOT NULL,
    project_id uuid NOT NULL,
    field      text NOT NULL CHECK (field IN ('name', 'description')),
    PRIMARY KEY (tenant_id, term, project_id, field)
);
COMMENT ON TABLE project_terms IS 'tenancy: tenant';
CREATE INDEX project_terms_project ON project_terms (tenant_id, project_id);

-- See 00007: what is distributed already needs these to be, too.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            FOREACH t IN ARRAY ARRAY['invitations', 'sessions', 'workspace_members', 'project_terms'] LOOP
                PERFORM create_distributed_table(t::regclass, 'tenant_id', colocate_with => 'tenants');
            END LOOP;
        END IF;
    END IF;
    FOREACH t IN ARRAY ARRAY['invitations', 'sessions', 'workspace_members', 'project_terms'] LOOP
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
ALTER TABLE invitations ADD CONSTRAINT invitations_role FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, role_id);
ALTER TABLE sessions ADD CONSTRAINT sessions_of FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE;
ALTER TABLE workspace_members ADD CONSTRAINT members_user FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE;
ALTER TABLE workspace_members ADD CONSTRAINT members_workspace FOREIGN KEY (tenant_id, workspace_id)
    REFERENCES workspaces (tenant_id, workspace_id) ON DELETE CASCADE;
ALTER TABLE project_terms ADD CONSTRAINT project_terms_of FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, project_id) ON DELETE CASCADE;

ALTER TABLE projects ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE projects ADD CONSTRAINT projects_tags CHECK (cardinality(tags) <= 20);
