-- +goose Up
CREATE TABLE api_keys (
    name         text PRIMARY KEY,
    role         text        NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'cell', 'router')),
    cell_id      text        NOT NULL DEFAULT '' CHECK ((role = 'cell') = (cell_id <> '')),
    secret_hash  bytea       NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

CREATE TABLE audit_log (
    audit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    role       text        NOT NULL,
    action     text        NOT NULL,
    target     text        NOT NULL,
    request_id text        NOT NULL DEFAULT '',
    detail     jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_by_target ON audit_log (target, audit_id);
CREATE INDEX audit_log_by_actor ON audit_log (actor, audit_id);
CREATE INDEX audit_log_by_action ON audit_log (action, audit_id);

-- +goose Down
DROP TABLE audit_log, api_keys;
