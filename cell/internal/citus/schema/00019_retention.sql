-- What a plan keeps no longer is removed by a job, a tenant at a time. What a
-- job left may hold the secret that signs links to its file.

-- +goose Up
GRANT DELETE ON jobs, usage TO cell_app;
CREATE POLICY finished ON jobs AS RESTRICTIVE FOR DELETE TO cell_app USING (state IN ('done', 'dead', 'cancelled'));
COMMENT ON COLUMN jobs.result IS 'secrecy: secret';
