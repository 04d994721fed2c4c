-- What happened, and what is still to be done.

-- +goose Up
-- Append-only: no role has the right to change or delete a row, except to
-- remove a whole tenant. Actors have no foreign key: the log outlives them.
CREATE TABLE audit_logs (
    tenant_id    uuid        NOT NULL REFERENCES tenants (tenant_id),
    audit_id     uuid        NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    actor_kind   text        NOT NULL CHECK (actor_kind IN ('user', 'system', 'control')),
    actor_id     uuid,
    action       text        NOT NULL,
    subject_type text        NOT NULL,
    subject_id   uuid        NOT NULL,
    request_id   text        NOT NULL,
    details      jsonb       NOT NULL,
    PRIMARY KEY (tenant_id, audit_id)
);
COMMENT ON TABLE audit_logs IS 'tenancy: tenant';

CREATE TABLE jobs (
    tenant_id    uuid        NOT NULL REFERENCES tenants (tenant_id),
    job_id       uuid        NOT NULL,
    kind         text        NOT NULL,
    payload      jsonb       NOT NULL,
    state        text        NOT NULL CHECK (state IN ('pending', 'queued', 'running', 'done', 'dead')),
    attempts     integer     NOT NULL DEFAULT 0,
    max_attempts integer     NOT NULL CHECK (max_attempts > 0),
    run_at       timestamptz NOT NULL DEFAULT now(),
    last_error   text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(), -- of the last change of state
    PRIMARY KEY (tenant_id, job_id)
);
COMMENT ON TABLE jobs IS 'tenancy: tenant';
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'pending';
CREATE INDEX jobs_out ON jobs (updated_at) WHERE state IN ('queued', 'running');
