-- What tenants used, a row for each sum that was counted: see usage.go. Rows are
-- only added, numbered without gaps in the order of their commits, so whoever
-- has read up to a number has missed nothing. They move with the tenant; in
-- another cell numbers begin anew, under the new epoch.

-- +goose Up
CREATE TABLE usage (
    tenant_id   uuid        NOT NULL,
    epoch       bigint      NOT NULL CHECK (epoch > 0),
    sequence    bigint      NOT NULL CHECK (sequence > 0), -- 1, 2, 3 … of the epoch
    batch       uuid        NOT NULL, -- of which it is a part: a batch is recorded once
    metric      text        NOT NULL CHECK (length(metric) BETWEEN 1 AND 40),
    day         date        NOT NULL, -- UTC, to which it counts
    quantity    bigint      NOT NULL CHECK (quantity >= 0),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, epoch, sequence)
);
COMMENT ON TABLE usage IS 'tenancy: tenant';
CREATE UNIQUE INDEX usage_batch ON usage (tenant_id, batch, metric, day);
CREATE INDEX usage_day ON usage (tenant_id, day);

SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            PERFORM create_distributed_table('usage', 'tenant_id', colocate_with => 'tenants');
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE usage ADD CONSTRAINT usage_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id);

ALTER TABLE usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON usage TO cell_mover USING (true) WITH CHECK (true);
CREATE POLICY tenant ON usage TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON usage TO cell_mover;
GRANT SELECT, INSERT ON usage TO cell_app;
