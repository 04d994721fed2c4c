-- +goose Up

-- The highest rate that a load test found a cell to carry; null: nobody measured it.
ALTER TABLE cells ADD COLUMN capacity_requests double precision CHECK (capacity_requests > 0);
ALTER TABLE cells ADD COLUMN capacity_measured_at timestamptz;

-- +goose Down
ALTER TABLE cells DROP COLUMN capacity_measured_at;
ALTER TABLE cells DROP COLUMN capacity_requests;
