-- Jobs in lanes: the relay hands out a bounded number of each tenant's jobs, a
-- lane at a time; a job says how far it is, can be cancelled and leaves a
-- result. Rights are the whole table's, see 00006.

-- +goose Up
ALTER TABLE jobs
    ADD COLUMN priority         smallint NOT NULL DEFAULT 0,  -- the lane: -1 high, 0 normal, 1 low
    ADD COLUMN progress         smallint NOT NULL DEFAULT 0,  -- percent
    ADD COLUMN progress_text    text     NOT NULL DEFAULT '',
    ADD COLUMN cancel_requested boolean  NOT NULL DEFAULT false,
    ADD COLUMN result           jsonb;                        -- what it made; NULL: nothing to show
ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_state_check CHECK (state IN ('pending', 'queued', 'running', 'done', 'dead', 'cancelled'));
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (tenant_id, priority, run_at) WHERE state = 'pending';
DROP INDEX jobs_out;
CREATE INDEX jobs_out ON jobs (tenant_id, priority, updated_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_cancelling ON jobs (tenant_id, job_id) WHERE state = 'running' AND cancel_requested;
CREATE INDEX jobs_dead ON jobs (tenant_id, kind) WHERE state = 'dead';
GRANT INSERT, UPDATE ON jobs TO cell_app;
GRANT SELECT, UPDATE ON jobs TO cell_relay;
GRANT UPDATE ON jobs TO cell_mover;
