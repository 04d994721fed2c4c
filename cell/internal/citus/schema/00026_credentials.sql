-- What users show to sign in. It is the tenant's and moves with it, whole: a
-- login works in the target cell without anybody noticing. Secrets are hashes,
-- but for those of TOTP, which a check needs as they are: encrypting them under
-- a key that every cell must have, since rows travel as they are, would only
-- move the secret next door; the disks and copies are encrypted, and no copy
-- that a tenant takes has what is declared secret here.

-- +goose Up
CREATE TABLE credentials (
    tenant_id           uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    password_hash       text        NOT NULL DEFAULT '', -- argon2id, PHC format; '': none is set
    password_set_at     timestamptz,
    totp_secret         bytea,                           -- NULL: no second step by TOTP
    totp_pending        bytea,                           -- waits for its first code
    totp_step           bigint      NOT NULL DEFAULT 0,  -- the newest that was used: none works twice
    email_verified_at   timestamptz,
    sessions_revoked_at timestamptz,                     -- who signed in before has to do so again
    PRIMARY KEY (tenant_id, user_id)
);
COMMENT ON TABLE credentials IS 'tenancy: tenant';
COMMENT ON COLUMN credentials.password_hash IS 'secrecy: secret';
COMMENT ON COLUMN credentials.password_set_at IS 'secrecy: none';
COMMENT ON COLUMN credentials.totp_secret IS 'secrecy: secret';
COMMENT ON COLUMN credentials.totp_pending IS 'secrecy: secret';
COMMENT ON COLUMN credentials.totp_step IS 'secrecy: none';

CREATE TABLE recovery_codes (
    tenant_id uuid  NOT NULL,
    user_id   uuid  NOT NULL,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (tenant_id, user_id, code_hash)
);
COMMENT ON TABLE recovery_codes IS 'tenancy: tenant';
COMMENT ON COLUMN recovery_codes.code_hash IS 'secrecy: secret';

CREATE TABLE passkeys (
    tenant_id    uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    passkey_id   bytea       NOT NULL, -- the authenticator's name of it
    name         text        NOT NULL,
    record       jsonb       NOT NULL, -- WebAuthn's credential record: public key, counter, flags
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    PRIMARY KEY (tenant_id, user_id, passkey_id)
);
COMMENT ON TABLE passkeys IS 'tenancy: tenant';
COMMENT ON COLUMN passkeys.record IS 'secrecy: secret';
CREATE UNIQUE INDEX passkeys_id ON passkeys (tenant_id, passkey_id);

-- Browsers for which the second step is left out.
CREATE TABLE devices (
    tenant_id    uuid        NOT NULL,
    device_id    uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    secret_hash  bytea       NOT NULL CHECK (length(secret_hash) = 32),
    name         text        NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, device_id)
);
COMMENT ON TABLE devices IS 'tenancy: tenant';
COMMENT ON COLUMN devices.secret_hash IS 'secrecy: secret';
CREATE INDEX devices_user ON devices (tenant_id, user_id);

-- What is in a mail or a browser and works once: codes that verify an address or
-- reset a password, and the challenges of passkeys.
CREATE TABLE one_time_codes (
    tenant_id  uuid        NOT NULL,
    code_hash  bytea       NOT NULL CHECK (length(code_hash) = 32),
    purpose    text        NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'add_passkey', 'use_passkey')),
    user_id    uuid        NOT NULL,
    details    jsonb       NOT NULL DEFAULT '{}',
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, code_hash)
);
COMMENT ON TABLE one_time_codes IS 'tenancy: tenant';
COMMENT ON COLUMN one_time_codes.code_hash IS 'secrecy: secret';
COMMENT ON COLUMN one_time_codes.details IS 'secrecy: secret';
CREATE INDEX one_time_codes_user ON one_time_codes (tenant_id, user_id, purpose);

-- Attempts to sign in that failed. An account is a user, or what the cell makes
-- of an address that no user has: both get a row, so that neither text nor time
-- tells which it is. Rows are forgotten after a day.
CREATE TABLE sign_in_attempts (
    tenant_id uuid        NOT NULL,
    account   uuid        NOT NULL,
    failures  integer     NOT NULL,
    last_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account)
);
COMMENT ON TABLE sign_in_attempts IS 'tenancy: tenant';
CREATE INDEX sign_in_attempts_last ON sign_in_attempts (tenant_id, last_at);

-- How often the set of a tenant's users who may sign in has changed: whoever
-- keeps a copy sees that it is behind.
CREATE TABLE user_sets (
    tenant_id  uuid        NOT NULL,
    version    bigint      NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id)
);
COMMENT ON TABLE user_sets IS 'tenancy: tenant';
CREATE INDEX user_sets_changed ON user_sets (changed_at);

-- See 00007: what is distributed already needs these to be, too.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass) THEN
            FOREACH t IN ARRAY ARRAY['credentials', 'recovery_codes', 'passkeys', 'devices', 'one_time_codes', 'sign_in_attempts', 'user_sets'] LOOP
                PERFORM create_distributed_table(t::regclass, 'tenant_id', colocate_with => 'tenants');
            END LOOP;
        END IF;
    END IF;
    FOREACH t IN ARRAY ARRAY['credentials', 'recovery_codes', 'passkeys', 'devices', 'one_time_codes', 'sign_in_attempts', 'user_sets'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)', t, t || '_tenant');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY mover ON %I TO cell_mover USING (true) WITH CHECK (true)', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO cell_app
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
            WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)$p$, t);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO cell_mover', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO cell_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['credentials', 'recovery_codes', 'passkeys', 'devices', 'one_time_codes'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE', t, t || '_user');
    END LOOP;
END $$;
-- +goose StatementEnd
