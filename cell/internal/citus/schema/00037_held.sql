-- +goose Up

-- A held tenant's own work waits: its bills are unpaid, or it is suspended. It is
-- told with the plan, and moves with the tenant.
ALTER TABLE organizations ADD COLUMN held boolean NOT NULL DEFAULT false;
GRANT UPDATE (held) ON organizations TO cell_mover;
CREATE POLICY relay ON organizations FOR SELECT TO cell_relay USING (true);
GRANT SELECT ON organizations TO cell_relay;

-- +goose Down
REVOKE SELECT ON organizations FROM cell_relay;
DROP POLICY relay ON organizations;
REVOKE UPDATE (held) ON organizations FROM cell_mover;
ALTER TABLE organizations DROP COLUMN held;
