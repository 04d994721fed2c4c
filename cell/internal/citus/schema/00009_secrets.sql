-- Columns declare what of a tenant's rows stays in the cell when the tenant
-- takes a copy of its own data: hashes and keys, which only open doors.

-- +goose Up
COMMENT ON COLUMN api_keys.key_hash IS 'secrecy: secret';
COMMENT ON COLUMN audit_chain.hash IS 'secrecy: none';
COMMENT ON COLUMN audit_checkpoints.hash IS 'secrecy: none';
