// Package servers runs real Postgres, PgBouncer, Redis, RabbitMQ and NATS
// servers as child processes, from the programs that Debian's packages
// install, each on loopback with its own port and its own directory. Nothing
// of a server that the machine runs already is used or touched.
//
// A server is described by a plain value (Postgres, Redis, …). Prepare makes
// its directory ready, and may be called again; Spec says how to run it;
// Start runs a Spec; and the value's other methods give the addresses at which
// clients reach it.
//
//	          Start            ready check passes
//	(absent) ──────▶ starting ────────────────────▶ ready
//	                    │                             │
//	                    │ exits, or deadline          │ Stop: polite signal, then SIGKILL
//	                    ▼                             ▼
//	             FailedError with the           (absent, data kept)
//	             tail of its log
//
// Two lifetimes exist. A Detached process survives the program that started
// it, and is found again by its Identity; an Attached one is ended by the
// kernel when that program dies, however it dies.
//
// Invariant: a signal is only ever sent to a process whose pid and start time
// are both the recorded ones, so a recycled pid is never hit.
package servers
