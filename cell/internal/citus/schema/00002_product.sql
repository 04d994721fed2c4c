-- What tenants work with.

-- +goose Up
CREATE TABLE organizations (
    tenant_id  uuid        NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id),
    slug       text        NOT NULL,
    name       text        NOT NULL,
    plan       text        NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE organizations IS 'tenancy: tenant';

CREATE TABLE users (
    tenant_id  uuid        NOT NULL REFERENCES tenants (tenant_id),
    user_id    uuid        NOT NULL,
    email      text        NOT NULL,
    name       text        NOT NULL,
    role       text        NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    status     text        NOT NULL CHECK (status IN ('active', 'disabled')),
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id)
);
COMMENT ON TABLE users IS 'tenancy: tenant';
CREATE UNIQUE INDEX users_email ON users (tenant_id, lower(email));

CREATE TABLE api_keys (
    tenant_id  uuid        NOT NULL REFERENCES tenants (tenant_id),
    key_id     uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    key_hash   bytea       NOT NULL CHECK (length(key_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, key_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
COMMENT ON TABLE api_keys IS 'tenancy: tenant';
CREATE UNIQUE INDEX api_keys_hash ON api_keys (tenant_id, key_hash);
CREATE INDEX api_keys_user ON api_keys (tenant_id, user_id);

CREATE TABLE workspaces (
    tenant_id    uuid        NOT NULL REFERENCES tenants (tenant_id),
    workspace_id uuid        NOT NULL,
    name         text        NOT NULL,
    description  text        NOT NULL,
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, workspace_id)
);
COMMENT ON TABLE workspaces IS 'tenancy: tenant';
CREATE UNIQUE INDEX workspaces_name ON workspaces (tenant_id, lower(name));

CREATE TABLE projects (
    tenant_id    uuid        NOT NULL REFERENCES tenants (tenant_id),
    project_id   uuid        NOT NULL,
    workspace_id uuid        NOT NULL,
    name         text        NOT NULL,
    description  text        NOT NULL,
    status       text        NOT NULL CHECK (status IN ('active', 'archived')),
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, project_id),
    CONSTRAINT projects_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES workspaces (tenant_id, workspace_id)
);
COMMENT ON TABLE projects IS 'tenancy: tenant';
CREATE UNIQUE INDEX projects_name ON projects (tenant_id, workspace_id, lower(name));
