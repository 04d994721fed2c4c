-- +goose Up

-- The cell says that its database was restored, and that it serves nobody.
ALTER TABLE cell_heartbeats ADD COLUMN reconciling boolean NOT NULL DEFAULT false;

-- Tenants were brought from a backup of the cell into others, without its
-- knowledge: should it come back, it is to be reconciled first.
ALTER TABLE cells ADD COLUMN bereft boolean NOT NULL DEFAULT false;

-- The directory was lost, and knows less than routers do: it answers nobody until
-- it was rebuilt.
ALTER TABLE directory_counter ADD COLUMN held boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE directory_counter DROP COLUMN held;
ALTER TABLE cells DROP COLUMN bereft;
ALTER TABLE cell_heartbeats DROP COLUMN reconciling;
