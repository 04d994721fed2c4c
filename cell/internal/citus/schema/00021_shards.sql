-- An export reads the log of one server, and of it the table, or on Citus the
-- shard, that held the tenant's rows when it was made. Is it still that one?

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION publishes(publication text, relation oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path TO pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = publication AND r.prrelid = relation)
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION publishes(text, oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION publishes(text, oid) TO cell_mover;
