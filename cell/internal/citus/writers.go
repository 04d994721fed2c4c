package citus

import (
	"context"
	"encoding/binary"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/tenancy"
)

// A write holds its tenant's lock in share mode until it has committed, and who
// stops a tenant's writes takes it alone, so that none is under way any more.
// It is an advisory lock and not one on the fence's row: where a tenant writes
// two hundred times a second, that row is locked by several at once, and each
// who joins or leaves writes the list of them anew (a multixact), one after the
// other. For the same reason tenants' tables have no foreign key to the
// fence's: each row that is added would lock it.
//
// The lock is taken by a statement before the one that reads the fence, since a
// statement sees the state as of its beginning. It is taken only where the
// gate is open: behind a closed one writers would queue, each with a connection.
// Jobs' statements that judge the fence in themselves hold its row instead, see
// liveFence: they are few at a time. Who stops writes waits for both.
const (
	holdWrites = `SELECT pg_advisory_xact_lock_shared($2) FROM tenant_gate WHERE tenant_id = $1 AND open`
	stopWrites = `SELECT pg_advisory_xact_lock($2) FROM tenants WHERE tenant_id = $1` //nolint:gosec // a statement, no credential
)

// writeLock is the tenant's lock: the end of its id, which is random. That of
// two tenants may be the same; then one waits when the other's writes are stopped.
func writeLock(id tenancy.ID) int64 {
	return int64(binary.BigEndian.Uint64(id[8:])) // any 64 bits will do
}

// stopWriters waits until no write of the tenant is under way, and keeps new
// ones from beginning until tx ends.
func stopWriters(ctx context.Context, tx pgx.Tx, id tenancy.ID) error {
	_, err := tx.Exec(ctx, stopWrites, id.String(), writeLock(id))
	return err
}
