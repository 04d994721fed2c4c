-- +goose Up

-- People who operate the platform. Their passwords are hashed (argon2id), the secrets of their authenticators sealed with a key that is
-- not in the database: a copy of it opens no account.
CREATE TABLE operator_accounts (
    operator_id   uuid PRIMARY KEY,
    email         text        NOT NULL UNIQUE CHECK (email = lower(email)),
    role          text        NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'billing')),
    password_hash text        NOT NULL,
    totp_sealed   bytea       NOT NULL,
    totp_step     bigint      NOT NULL DEFAULT 0,
    failures      integer     NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    created_at    timestamptz NOT NULL,
    last_login_at timestamptz,
    revoked_at    timestamptz,
    disabled_at   timestamptz
);

-- A role beside the ladder viewer, operator, admin.
ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_role_check CHECK (role IN ('viewer', 'operator', 'admin', 'billing', 'cell', 'router'));

-- +goose Down
ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_role_check CHECK (role IN ('viewer', 'operator', 'admin', 'cell', 'router'));
DROP TABLE operator_accounts;
