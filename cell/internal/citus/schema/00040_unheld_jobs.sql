-- +goose Up

-- Of a tenant that is held, the relay reads the jobs that go on all the same, and
-- not those that wait, of which there may be any number: cell.HeldKinds names them.
CREATE INDEX jobs_unheld ON jobs (tenant_id, priority, run_at) WHERE state = 'pending' AND kind NOT IN ('report', 'webhook_delivery');

-- +goose Down
DROP INDEX jobs_unheld;
