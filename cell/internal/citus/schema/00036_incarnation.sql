-- Which history of this database the cell serves from. A database that was
-- restored to a point in time, or a standby that was promoted, writes another
-- timeline than the one that stands here; package standing says what follows.
-- It is a server's own and about no tenant, so it is not distributed.

-- +goose Up
CREATE TABLE incarnation (
    one        boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    system_id  text        NOT NULL,
    timeline   bigint      NOT NULL,
    trusted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE incarnation IS 'tenancy: none';
-- A cell that learns of this table trusts the database that it has.
INSERT INTO incarnation (system_id, timeline)
SELECT system_identifier::text, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint FROM pg_control_system();
ALTER TABLE incarnation ENABLE ROW LEVEL SECURITY;
ALTER TABLE incarnation FORCE ROW LEVEL SECURITY;
CREATE POLICY mover ON incarnation TO cell_mover USING (true) WITH CHECK (true);
CREATE POLICY relay ON incarnation FOR SELECT TO cell_relay USING (true);
GRANT SELECT, UPDATE ON incarnation TO cell_mover;
GRANT SELECT ON incarnation TO cell_relay;
