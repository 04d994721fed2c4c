-- Migrations between cells: what leaves (exports), what arrives (imports).
-- The package transfer says how they are used. None of this moves with a tenant.

-- +goose Up
ALTER TABLE tenants ADD COLUMN frozen_by uuid; -- the migration whose freeze was the last

CREATE TABLE exports (
    tenant_id         uuid        NOT NULL,
    migration_id      uuid        NOT NULL,
    epoch             bigint      NOT NULL,
    target_cell       text        NOT NULL,
    reverse           boolean     NOT NULL,
    state             text        NOT NULL CHECK (state IN ('making', 'open', 'failed')),
    begun             boolean     NOT NULL, -- reverse: false until the tenant is activated here
    slot              text        NOT NULL, -- also the name of the publication
    position          pg_lsn      NOT NULL DEFAULT '0/0', -- its changes are those that were committed at or after it
    acknowledged      pg_lsn      NOT NULL DEFAULT '0/0', -- the target has stored what was committed before it
    snapshot          text        NOT NULL DEFAULT '',
    snapshot_position pg_lsn      NOT NULL DEFAULT '0/0',
    failure           text        NOT NULL DEFAULT '',
    seen_at           timestamptz NOT NULL DEFAULT now(), -- when the target or the control plane last asked
    PRIMARY KEY (tenant_id, migration_id)
);
COMMENT ON TABLE exports IS 'tenancy: fence';

CREATE TABLE imports (
    tenant_id         uuid        NOT NULL,
    migration_id      uuid        NOT NULL,
    mode              text        NOT NULL CHECK (mode IN ('copy', 'follow')),
    epoch             bigint      NOT NULL,
    source_url        text        NOT NULL,
    ticket            text        NOT NULL, -- secret
    bytes_per_second  bigint      NOT NULL,
    paused            boolean     NOT NULL DEFAULT false,
    state             text        NOT NULL CHECK (state IN ('copying', 'catching_up', 'ready', 'failed', 'closing', 'activated')),
    failure           text        NOT NULL DEFAULT '',
    tables            integer     NOT NULL DEFAULT 0, -- that the copy has to do
    rows_estimate     bigint      NOT NULL DEFAULT 0,
    bytes_estimate    bigint      NOT NULL DEFAULT 0,
    applied           pg_lsn      NOT NULL DEFAULT '0/0', -- what the source committed before it is stored here
    applied_changes   bigint      NOT NULL DEFAULT 0,     -- and so many changes of the transaction behind it
    source_position   pg_lsn      NOT NULL DEFAULT '0/0', -- how far the source's log was read
    current_at        timestamptz,                        -- when the two were last equal
    verify_no         bigint      NOT NULL DEFAULT 0,     -- verifications asked for
    verified_no       bigint      NOT NULL DEFAULT 0,     -- and done
    verified          text        NOT NULL DEFAULT '',    -- the last one's outcome, JSON
    touching          boolean     NOT NULL DEFAULT false, -- import_touched holds every row that changed since
    PRIMARY KEY (tenant_id, migration_id)
);
COMMENT ON TABLE imports IS 'tenancy: fence';

CREATE TABLE import_tables (
    tenant_id    uuid    NOT NULL,
    migration_id uuid    NOT NULL,
    table_name   text    NOT NULL,
    rows         bigint  NOT NULL DEFAULT 0,
    bytes        bigint  NOT NULL DEFAULT 0,
    last_key     text    NOT NULL DEFAULT '', -- JSON array of texts; '': from the start
    done         boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, migration_id, table_name)
);
COMMENT ON TABLE import_tables IS 'tenancy: fence';

CREATE TABLE import_touched (
    tenant_id    uuid NOT NULL,
    migration_id uuid NOT NULL,
    table_name   text NOT NULL,
    row_key      text NOT NULL, -- JSON array of texts
    PRIMARY KEY (tenant_id, migration_id, table_name, row_key)
);
COMMENT ON TABLE import_touched IS 'tenancy: fence';

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['exports', 'imports', 'import_tables', 'import_touched'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY mover ON %I TO cell_mover USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO cell_mover', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO cell_app
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
            WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)$p$, t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- Publishing a table takes its owner's right, which the mover borrows for
-- publications of one tenant's rows. The names may be those of shards.
-- +goose StatementBegin
CREATE FUNCTION open_publication(name text, tables text[], tenant uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path TO pg_catalog, pg_temp SET citus.enable_ddl_propagation TO off AS $$
DECLARE parts text;
BEGIN
    IF name !~ '^transfer_[0-9a-f]{32}_[fr]$' THEN
        RAISE EXCEPTION 'not the name of an export: %', name;
    END IF;
    SELECT string_agg(format('TABLE public.%I WHERE (tenant_id = %L::uuid)', t, tenant), ', ') INTO parts FROM unnest(tables) AS t;
    EXECUTE format('CREATE PUBLICATION %I FOR %s WITH (publish_via_partition_root = true)', name, parts);
END $$;
CREATE FUNCTION close_publication(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path TO pg_catalog, pg_temp SET citus.enable_ddl_propagation TO off AS $$
BEGIN
    IF name !~ '^transfer_[0-9a-f]{32}_[fr]$' THEN
        RAISE EXCEPTION 'not the name of an export: %', name;
    END IF;
    EXECUTE format('DROP PUBLICATION IF EXISTS %I', name);
END $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION open_publication(text, text[], uuid), close_publication(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_publication(text, text[], uuid), close_publication(text) TO cell_mover;
