-- +goose Up

-- The ledger of usage: up to which number a cell's records of a tenant and epoch
-- were added, in the transaction that added them.
CREATE TABLE usage_heads (
    tenant_id uuid   NOT NULL,
    epoch     bigint NOT NULL,
    sequence  bigint NOT NULL,
    PRIMARY KEY (tenant_id, epoch)
) WITH (fillfactor = 70);

-- What was used all in all, in a meter's units, and where it went: quantity =
-- what events of it come to + waived (while nothing was billed) + the rest.
CREATE TABLE usage_totals (
    tenant_id uuid   NOT NULL,
    meter     text   NOT NULL,
    quantity  bigint NOT NULL DEFAULT 0,
    allotted  bigint NOT NULL DEFAULT 0,
    waived    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, meter),
    CHECK (waived >= 0 AND waived <= allotted AND allotted <= quantity)
) WITH (fillfactor = 70);
CREATE INDEX usage_totals_due ON usage_totals (tenant_id, meter) WHERE quantity > allotted;

-- What Stripe is told and was told. Stripe forgets an identifier after a day;
-- this table does not. A meter of a tenant has one event in a minute, so that
-- Stripe's sum of that minute says whether it has arrived; and one that is
-- pending, so that they go in order.
CREATE TABLE meter_events (
    identifier  text PRIMARY KEY CHECK (length(identifier) <= 100),
    tenant_id   uuid        NOT NULL,
    customer    text        NOT NULL,
    meter       text        NOT NULL,
    value       bigint      NOT NULL CHECK (value > 0),
    at          timestamptz NOT NULL,
    minute      timestamptz NOT NULL,
    first_try   timestamptz,
    lease_until timestamptz,
    sent_at     timestamptz,
    UNIQUE (tenant_id, meter, minute)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX meter_events_pending ON meter_events (tenant_id, meter) WHERE sent_at IS NULL;

-- +goose Down
DROP TABLE meter_events, usage_totals, usage_heads;
