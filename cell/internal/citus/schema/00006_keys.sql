-- Keys that users make for themselves and others: a name and the beginning of
-- the secret to tell them apart, and the last day of use. Rights are the whole
-- table's: Citus hands grants on columns to the workers only while it
-- distributes a table, which may have happened before this file.

-- +goose Up
ALTER TABLE api_keys
    ADD COLUMN name    text NOT NULL DEFAULT '',
    ADD COLUMN prefix  text NOT NULL DEFAULT '', -- of the secret part; '': made elsewhere
    ADD COLUMN used_on date;                     -- UTC; NULL: not yet
GRANT INSERT, UPDATE, DELETE ON api_keys TO cell_app;
