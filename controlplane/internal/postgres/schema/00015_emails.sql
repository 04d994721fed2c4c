-- +goose Up

-- Which tenants have a user with an e-mail address: hashes under a key that is
-- not here, so that no address leaves its cell. They follow the cells; a head
-- says which set of a tenant's users they are.
CREATE TABLE email_users (
    email_hash bytea NOT NULL CHECK (length(email_hash) = 32),
    tenant_id  uuid  NOT NULL,
    user_id    uuid  NOT NULL,
    PRIMARY KEY (email_hash, tenant_id, user_id)
);
CREATE INDEX email_users_tenant ON email_users (tenant_id);

CREATE TABLE email_heads (
    tenant_id uuid PRIMARY KEY,
    epoch     bigint NOT NULL,
    version   bigint NOT NULL
) WITH (fillfactor = 80);

-- +goose Down
DROP TABLE email_heads, email_users;
