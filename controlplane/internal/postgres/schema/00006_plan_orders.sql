-- +goose Up

-- Tenants whose cell is to be told their plan: the one that they have by then.
-- number tells a later order from the one that was carried out.
CREATE TABLE plan_orders (
    tenant_id uuid PRIMARY KEY,
    number    bigint      NOT NULL DEFAULT 0,
    due_at    timestamptz NOT NULL,
    tries     integer     NOT NULL DEFAULT 0
);
CREATE INDEX plan_orders_due ON plan_orders (due_at);

-- +goose Down
DROP TABLE plan_orders;
