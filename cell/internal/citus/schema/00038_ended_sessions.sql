-- +goose Up

-- A session that somebody ended stays here for as long as a refresh token that was
-- given in it may live: whoever shows one is refused. One whose time was over by
-- itself is not ended, and goes.
ALTER TABLE sessions ADD COLUMN ended_at timestamptz;
ALTER TABLE sessions ADD COLUMN signed_out boolean NOT NULL DEFAULT false; -- ended by who was in it

-- +goose Down
DELETE FROM sessions WHERE ended_at IS NOT NULL;
ALTER TABLE sessions DROP COLUMN signed_out;
ALTER TABLE sessions DROP COLUMN ended_at;
