-- Calls that were counted here and not yet recorded when their tenant left for
-- another cell: the control plane brings them to where the tenant lives now.

-- +goose Up
CREATE TABLE late_usage (
    tenant_id uuid     NOT NULL,
    batch     uuid   NOT NULL, -- under which they are recorded there, once
    metric    text     NOT NULL,
    day       date     NOT NULL,
    quantity  bigint   NOT NULL,
    PRIMARY KEY (tenant_id, batch, metric, day)
);
COMMENT ON TABLE late_usage IS 'tenancy: fence';
ALTER TABLE late_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE late_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON late_usage TO cell_mover USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON late_usage TO cell_mover;
CREATE POLICY tenant ON late_usage TO cell_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
