-- +goose Up

-- The authorization server's sessions, which it cannot list: whoever ends somebody's
-- sessions has to name them. One that is over is of no use, and goes by and by.
CREATE TABLE logins (
    login_id text PRIMARY KEY,
    subject  text NOT NULL,
    session  uuid NOT NULL, -- the browser's, in the tenant's cell
    ends_at  timestamptz NOT NULL
);
CREATE INDEX logins_subject ON logins (subject);
CREATE INDEX logins_ends_at ON logins (ends_at);

-- +goose Down
DROP TABLE logins;
