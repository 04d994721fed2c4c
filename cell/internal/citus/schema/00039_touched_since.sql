-- +goose Up

-- A row that changed is noted with the verification since which it did: what one
-- verification has compared need not be compared again in the write pause.
ALTER TABLE import_touched ADD COLUMN verify_no bigint NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN verify_changed boolean NOT NULL DEFAULT false; -- verification verify_no is of what changed only

-- +goose Down
ALTER TABLE imports DROP COLUMN verify_changed;
ALTER TABLE import_touched DROP COLUMN verify_no;
