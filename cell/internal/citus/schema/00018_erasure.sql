-- A person is erased by the API, so it may remove answers that name the person.

-- +goose Up
GRANT DELETE ON idempotency_keys TO cell_app;
