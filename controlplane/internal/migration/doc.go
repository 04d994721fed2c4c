// Package migration moves tenants between cells while they work, and back.
//
//	planned ──▶ copying ──▶ committed ──▶ settling ──▶ cleaning ──▶ completed
//	   │           │                       │    ▲
//	   │           │                       │    keeping ◀── (return given up)
//	   ▼           ▼                       ▼                  │
//	aborting ◀─────┘                    returning ────────────┘
//	   ▼                                   ▼
//	aborted                             returned ──▶ clearing ──▶ rolled_back
//
// protocol.go is the protocol from top to bottom. It is the one of
// model/tenant_move.pml, step by step: `make model` checks the model, and the
// tests of this package check that every step that is really taken is a step of
// the model.
//
// # Invariants
//
// Up to the commit point everything can be undone: the target's import goes
// first, so that nobody can seal any more, then the source thaws. After it there
// is only forward, on contexts that no caller can cancel. The commit point is one
// compare-and-set of the directory, in [Steps.Commit].
//
// A freeze ends by itself unless it is sealed, so a dead worker never leaves a
// tenant stopped. What is sealed was drained, so whoever finds a sealed source
// commits. A rollback is the same protocol with the roles exchanged; its catch-up
// is the stream that has run from the target to the source since the activation.
//
// # Who works
//
// Any replica. A lease says who, and its token fences: each durable step names
// phase and token, and does nothing if either has changed. A worker that was
// overtaken may still send requests to cells; the model says that those do no
// harm. Orders of operators change the row at once; the worker finds out at its
// next step.
//
// # Authority
//
// The migration's row says how far it is, the directory where the tenant is, and
// each cell's fence whether it is served there. What the package learns of a
// fence it asks its cell; only a freeze's number is written down, before its seal.
//
// # Failures
//
// What may pass (a cell or the database does not answer) is waited for; what
// will not (a refusal, a failed import, a mismatch) aborts.
package migration
