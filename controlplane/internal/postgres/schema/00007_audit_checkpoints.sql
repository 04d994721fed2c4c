-- +goose Up

-- The newest checkpoint of each tenant's audit log that its cell handed out.
CREATE TABLE audit_checkpoints (
    tenant_id    uuid PRIMARY KEY,
    no           bigint      NOT NULL,
    seq          bigint      NOT NULL,
    hash         bytea       NOT NULL,
    previous     bytea       NOT NULL,
    cell         text        NOT NULL, -- who signed
    signed_at    timestamptz NOT NULL,
    public_key   bytea       NOT NULL,
    signature    bytea       NOT NULL,
    kept_at      timestamptz NOT NULL,
    suspicion    text        NOT NULL DEFAULT '', -- why the log may have been cut off
    suspected_at timestamptz
);
CREATE INDEX audit_checkpoints_suspect ON audit_checkpoints (suspected_at) WHERE suspicion <> '';

-- From which moment on a cell is to be asked for more.
CREATE TABLE audit_cursors (
    cell_id text PRIMARY KEY,
    since   timestamptz NOT NULL
);

-- +goose Down
DROP TABLE audit_cursors;
DROP TABLE audit_checkpoints;
