-- +goose Up

-- What a tenant wants of the routers beyond its plan (shared/directory,
-- EdgePolicy), in its assignment and in each change of it. Null: nothing. The
-- program before this one knows nothing of it: finish its update before the
-- first policy is set, or its changes tell routers that there is none.
ALTER TABLE tenants ADD COLUMN edge jsonb;
ALTER TABLE directory_changes ADD COLUMN edge jsonb;

-- +goose Down
ALTER TABLE directory_changes DROP COLUMN edge;
ALTER TABLE tenants DROP COLUMN edge;
