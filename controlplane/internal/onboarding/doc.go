// Package onboarding signs tenants up: a durable sequence of steps over the
// directory and a cell, each of which can be the last one before a crash.
//
//	            reserve                prepare (cell), commit (directory)
//	(nothing) ─────────▶ reserved ─────────────────────────────────────▶ committed
//	    ▲                   │                                                │
//	    │                   │ prepare failed, or nobody works on it          │ activate (cell),
//	    │                   ▼                                                ▼ finish
//	 forgotten ◀──────── undone ──▶ reserved, with a new tenant id          done
//	 after a week           (a retry with the same key)                     │
//	    ▲───────────────────────────────────────────────────────────────────┘
//
//	reserve   one transaction: sign-up row, slug claimed, place counted, tenant provisioning
//	prepare   the cell makes the tenant's rows, importing: nobody is served yet
//	commit    one transaction: tenant active, one version of the directory: the commit point
//	activate  importing → live; the welcome mail is ordered in the cell's own transaction
//	undo      one transaction: slug and place free, tenant row gone, removal of the cell's rows ordered
//
// # Invariants
//
// Before the commit everything can be undone, and is as soon as a step fails or
// the worker's lease is over. After it there is only forward, by whoever finds
// the sign-up: its client's retry, or the [Sweeper]. Each step is a
// compare-and-set on state and lease, so of two workers one finds that it has
// lost, and stops. A new attempt has a new tenant id, so a removal that was
// ordered for an old one can never hit it. Removals wait until no delayed
// prepare of the old attempt can be accepted any more.
//
// # Authority
//
// The sign-up's row says how far it is; the directory says where the tenant is;
// the cell's fence says whether it is served. The owner's name and address go
// to the cell only; of the request, a keyed hash is kept.
package onboarding
