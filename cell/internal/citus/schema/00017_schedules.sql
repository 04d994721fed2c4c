-- Schedules enqueue jobs again and again. next_run_at is the next slot, and
-- moving it on is what fires it: see schedules_fire.go.

-- +goose Up
CREATE TABLE schedules (
    tenant_id   uuid        NOT NULL,
    schedule_id uuid        NOT NULL,
    name        text        NOT NULL,
    cron        text        NOT NULL,
    time_zone   text        NOT NULL,
    missed      text        NOT NULL CHECK (missed IN ('once', 'skip')),
    enabled     boolean     NOT NULL DEFAULT true,
    system      boolean     NOT NULL DEFAULT false, -- the cell's own
    kind        text        NOT NULL,
    payload     jsonb       NOT NULL DEFAULT '{}',
    priority    smallint    NOT NULL DEFAULT 0,
    next_run_at timestamptz NOT NULL,
    last_run_at timestamptz,
    last_job_id uuid,
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, schedule_id)
);
COMMENT ON TABLE schedules IS 'tenancy: tenant';
CREATE UNIQUE INDEX schedules_name ON schedules (tenant_id, lower(name));
CREATE INDEX schedules_due ON schedules (next_run_at) WHERE enabled;

-- See 00007.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            PERFORM create_distributed_table('schedules', 'tenant_id', colocate_with => 'tenants');
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE schedules ADD CONSTRAINT schedules_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id);

ALTER TABLE schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE schedules FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON schedules TO cell_mover USING (true) WITH CHECK (true);
CREATE POLICY relay ON schedules FOR SELECT TO cell_relay USING (true);
CREATE POLICY tenant ON schedules TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON schedules TO cell_mover;
GRANT SELECT ON schedules TO cell_relay;
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO cell_app;
