// Package chain makes the audit log tamper-evident: it seals each tenant's log
// into a hash chain, signs checkpoints of it, and finds what was changed.
//
// # How a row gets its place
//
// Mutations write their audit row in their own transaction and nothing else:
// no number, no hash, no lock that two writers of a tenant would share until
// their commits are on disk. The [Sealer], one in each cell, gives committed
// rows a place afterwards, about a second later:
//
//	audit_logs ──Sealer: seq, hash = SHA-256(hash before ‖ row)──▶ audit_chain ──every 256 rows or 5 minutes──▶ audit_checkpoints
//
// To look for them costs as much as rows were written in the time looked through,
// sealed or not. So each look goes back two seconds only, one in five seconds
// goes back half a minute, and once a minute each tenant's last hour is looked
// through: a busy tenant writes a million rows in it.
//
// The order of the chain is that of sealing; it differs from the order of ids
// only among rows of the same moments. Two sealers cannot fork a chain: the
// places are the primary key.
//
// # What is covered
//
// Every column of the row. It holds ids of people and never names or
// addresses (see the entries that package workspaces makes), so that a person
// can be forgotten in the users table while the log, and the chain over it,
// stay as they are. jsonb is covered as Postgres prints it.
//
// # Checkpoints
//
// A checkpoint is an Ed25519 signature under the chain's end and the checkpoint
// before. The key is derived from the cell's control key; with an HMAC only who
// may forge could verify, whereas here a tenant, an auditor or the cell to which
// the tenant moved verify with the public key alone. Whoever owns the database
// but not the process's key cannot rewrite what was signed. Chain and
// checkpoints move with the tenant; the next cell goes on at the next place
// and, with its first checkpoint, signs for what it took over.
//
// # What [Verify] finds
//
// Rows that were changed, removed or exchanged; rows put into the past; links
// and checkpoints that were changed, removed or made up; a tail that was cut
// off behind a checkpoint. Whoever cuts off the checkpoints too is found by
// anybody who kept a newer one: Verify takes such an anchor. The cell hands them
// out to the tenant (GET /v1/audit-log/verification) and to the control plane
// (GET /internal/v1/audit-checkpoints). What it cannot
// tell is whether a row that was inserted as of now, and sealed like any other,
// says the truth: so for whoever writes to the database now, as the cell does.
//
// # Where the log begins
//
// A plan keeps the log for so long. The [Trimmer], one in each cell and in the
// process that has the key, moves a horizon along each log, a day at the soonest:
//
//	verify the whole log ──▶ sign the horizon at the last checkpoint of which all is old enough ──commit──▶ remove rows, links, checkpoints up to it, in batches
//
// The horizon names its place with hash, and the checkpoint there with digest. Up to it
// the oldest entries may be gone; the link of the last one that is stays, as the base of what follows. Nobody can make up another
// base, since none leads to the horizon's hash: so a log is verifiable at every
// moment of the removal, also of one that a crash interrupted. [Verify] begins at the base and finds one row
// more that is gone, a horizon that was moved, forged or is an earlier one. A log that is not intact is never shortened: it
// is evidence. The horizon moves with the tenant, and the next cell signs it with
// its first checkpoint.
//
// Who changes a tenant's plan in the database makes the log shorter than it should
// be; the horizon says, under the cell's signature, of what age the rest was.
//
// # Invariants
//
// Only rows whose id is at most [Grace] older than the newest that is sealed get
// a place; no honest transaction takes that long. A row that is older is an
// insertion into the past: it is never sealed, and Verify reports it.
package chain
