-- A job goes on with the trace of the request that asked for it. Rights are the
-- whole table's, see 00006.

-- +goose Up
ALTER TABLE jobs ADD COLUMN trace text NOT NULL DEFAULT ''; -- a W3C traceparent; '': none is known
