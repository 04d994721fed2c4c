// Package standing keeps a cell from serving out of a database that is older
// than what the directory knows.
//
// A database that is restored to a point in time, and a standby that takes over,
// begin a timeline of their own; the one that the cell was last told to trust
// stands in the database itself, so a restored one says by itself that it is
// another. Until the control plane has made its fences right and has it trusted,
// the cell refuses every tenant, and does nothing of its own accord.
//
//	            Look: found = trusted
//	unsure ───────────────────────────────▶ serving
//	  │  ▲                                     │
//	  │  └──────── the connection ends ────────┤
//	  │                  │                     │ Look: found ≠ trusted
//	  │ Look             │                     ▼
//	  └───────────────────────────────────▶ refusing ── the control plane has it trusted ──▶ serving
//
// # Invariant
//
// Nobody uses the database unless the guard has looked at it on a connection
// that still lives. Another server cannot take the place of a database without
// ending that connection, so no request has to ask the database which one it is:
// what each pays is one load of a pointer. While the guard is unsure, requests
// wait for it a moment; what is remembered in Redis, which was not restored, is
// still served.
//
// # What it cannot see
//
// A copy of the database's files that is started without recovering from the
// archive goes on with its timeline. The runbooks therefore never do that, and
// `cellctl cell restored` can be told of a cell at any time. On Citus it is the
// coordinator's timeline that counts: a cluster is restored as a whole.
package standing
