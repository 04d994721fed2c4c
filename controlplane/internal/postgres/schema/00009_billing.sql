-- +goose Up

-- What is known of a tenant's billing, derived from Stripe's state, and the order
-- to derive it anew: see package billing. A row is made with the customer at
-- Stripe and stays, so that token never goes back.
CREATE TABLE billing_accounts (
    tenant_id  uuid PRIMARY KEY,
    customer   text        NOT NULL UNIQUE,
    status     text        NOT NULL DEFAULT '',
    plan       text        NOT NULL DEFAULT '',
    standing   text        NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'grace', 'read_only', 'suspended')),
    currency   text        NOT NULL DEFAULT '',
    revenue    bigint      NOT NULL DEFAULT 0, -- a month, in the currency's smallest unit
    metered    boolean     NOT NULL DEFAULT false,
    ended_at   timestamptz,
    synced_at  timestamptz,
    record     jsonb       NOT NULL DEFAULT '{"standing": "good"}',
    number     bigint      NOT NULL DEFAULT 1,
    token      bigint      NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL,
    lease_until timestamptz,
    tries      integer     NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX billing_accounts_due ON billing_accounts (due_at);
CREATE INDEX billing_accounts_ended ON billing_accounts (ended_at) WHERE ended_at IS NOT NULL;

-- The inbox: each event of Stripe once, for ever. No personal data.
CREATE TABLE billing_events (
    event_id    text PRIMARY KEY,
    type        text        NOT NULL,
    customer    text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL, -- by Stripe's clock
    received_at timestamptz NOT NULL,
    source      text        NOT NULL CHECK (source IN ('webhook', 'reconcile'))
);
CREATE INDEX billing_events_received ON billing_events (received_at);

-- Up to when Stripe's own list of events was compared with the inbox.
CREATE TABLE billing_reconciled (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    upto timestamptz NOT NULL
);

CREATE TABLE billing_refunds (
    charge      text PRIMARY KEY,
    tenant_id   uuid        NOT NULL,
    amount      bigint      NOT NULL CHECK (amount > 0),
    currency    text        NOT NULL,
    paid_at     timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX billing_refunds_by_tenant ON billing_refunds (tenant_id, paid_at);

-- +goose Down
DROP TABLE billing_refunds, billing_reconciled, billing_events, billing_accounts;
