-- A row that refers to the fence's locks that row while it is added. Where a
-- tenant writes often, those locks are all that the cell does: see writers.go.
-- The fence itself lets nobody add rows of a tenant that is not here, and row
-- level security nobody those of another one.

-- +goose Up
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'tenants'::regclass AND conrelid <> 'tenant_gate'::regclass AND conparentid = 0
            AND connamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);
    END LOOP;
END $$;
-- +goose StatementEnd
