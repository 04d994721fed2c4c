-- Callers with a token: the log says by which client somebody acted, and names
-- machine clients. A program of the schema before writes rows without either.

-- +goose Up
ALTER TABLE audit_logs
    ADD COLUMN actor_client  text NOT NULL DEFAULT '',
    ADD COLUMN actor_subject text NOT NULL DEFAULT '';
ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_actor_kind_check;
ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_actor_kind_check CHECK (actor_kind IN ('user', 'client', 'system', 'control'));
