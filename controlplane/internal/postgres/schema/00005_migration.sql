-- +goose Up

-- A tenant's claim by its migration: whoever wants to delete or move the tenant
-- needs it free. Every phase but the last three holds it.
ALTER TABLE tenants ADD COLUMN migration_id uuid;

-- One row a move; see package migration. token fences it: every lease has a new
-- one, and each step names its own.
CREATE TABLE migrations (
    migration_id uuid PRIMARY KEY,
    tenant_id    uuid        NOT NULL,
    slug         text        NOT NULL,
    source_cell  text        NOT NULL,
    target_cell  text        NOT NULL CHECK (target_cell <> source_cell),
    epoch        bigint      NOT NULL,
    phase        text        NOT NULL CHECK (phase IN ('planned', 'copying', 'committed', 'settling', 'cleaning', 'completed',
                                                       'returning', 'returned', 'clearing', 'rolled_back', 'keeping', 'aborting', 'aborted')),
    stage        text        NOT NULL,
    batch_id     uuid,
    terms        jsonb       NOT NULL,
    paused       boolean     NOT NULL DEFAULT false,
    actor        text        NOT NULL,
    freeze_no    bigint      NOT NULL DEFAULT 0,
    token        bigint      NOT NULL DEFAULT 0,
    lease_until  timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    window_until timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    record       jsonb       NOT NULL,
    certificate  jsonb
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX migrations_one_a_tenant ON migrations (tenant_id) WHERE phase NOT IN ('completed', 'rolled_back', 'aborted');
CREATE INDEX migrations_open ON migrations (due_at) WHERE phase NOT IN ('completed', 'rolled_back', 'aborted');
CREATE INDEX migrations_by_tenant ON migrations (tenant_id, migration_id);
CREATE INDEX migrations_by_batch ON migrations (batch_id, migration_id) WHERE batch_id IS NOT NULL;

-- +goose Down
DROP TABLE migrations;
ALTER TABLE tenants DROP COLUMN migration_id;
