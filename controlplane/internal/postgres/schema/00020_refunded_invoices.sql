-- +goose Up

-- Of which invoice money went back, and when for the last time. The next sync fills
-- in what is not known of refunds from before.
ALTER TABLE billing_refunds ADD COLUMN invoice text NOT NULL DEFAULT '';
ALTER TABLE billing_refunds ADD COLUMN refunded_at timestamptz;

-- +goose Down
ALTER TABLE billing_refunds DROP COLUMN refunded_at;
ALTER TABLE billing_refunds DROP COLUMN invoice;
