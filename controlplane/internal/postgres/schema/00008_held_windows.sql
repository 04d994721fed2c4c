-- +goose Up

-- What routers told of requests that waited while a tenant changed cell. The
-- certificate of its migration is signed anew with their sums.
CREATE TABLE held_windows (
    window_id    uuid PRIMARY KEY,
    migration_id uuid   NOT NULL,
    held         bigint NOT NULL,
    failed       bigint NOT NULL,
    longest_ms   bigint NOT NULL
);
CREATE INDEX held_windows_by_migration ON held_windows (migration_id);

-- Those that were certified before stay as they are.
ALTER TABLE migrations ADD COLUMN summed boolean NOT NULL DEFAULT true;
ALTER TABLE migrations ALTER COLUMN summed SET DEFAULT false;
CREATE INDEX migrations_to_sum ON migrations (migration_id) WHERE certificate IS NOT NULL AND NOT summed;

-- +goose Down
DROP INDEX migrations_to_sum;
ALTER TABLE migrations DROP COLUMN summed;
DROP TABLE held_windows;
