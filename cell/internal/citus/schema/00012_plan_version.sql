-- +goose Up

-- The directory's version as of which the plan is known: an older message that
-- arrives later changes nothing. 0: as it was on arrival.
ALTER TABLE organizations ADD COLUMN plan_version bigint NOT NULL DEFAULT 0;
GRANT UPDATE (plan, plan_version, version, updated_at) ON organizations TO cell_mover;

-- +goose Down
REVOKE UPDATE (plan, plan_version, version, updated_at) ON organizations FROM cell_mover;
ALTER TABLE organizations DROP COLUMN plan_version;
