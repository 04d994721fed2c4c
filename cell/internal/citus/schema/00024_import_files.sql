-- Files in object storage move with their tenant: how many of the source's are
-- here. files_complete is set once the tenant lives here and the source has none
-- that is not here too; until then the source keeps them.

-- +goose Up
ALTER TABLE imports
    ADD COLUMN files          bigint  NOT NULL DEFAULT 0,
    ADD COLUMN files_here     bigint  NOT NULL DEFAULT 0,
    ADD COLUMN file_bytes     bigint  NOT NULL DEFAULT 0,
    ADD COLUMN bytes_here     bigint  NOT NULL DEFAULT 0,
    ADD COLUMN files_complete boolean NOT NULL DEFAULT false;
