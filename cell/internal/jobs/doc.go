// Package jobs does work that outlives the request which asked for it.
//
// # Authority
//
// The row is the job. What travels through the broker is a reference that
// names the attempt it was sent for, so a message that comes twice, late or
// never changes nothing: whoever acts first moves the row by compare-and-set,
// and what was handed out and not heard of is handed out again.
//
//	          relay: broker confirmed       worker: claim
//	pending ─────────────────────────▶ queued ───────────▶ running ──────▶ done
//	 ▲  ▲ │                              │                  │  │  │
//	 │  │ └─── worker: claim (it was faster than the relay) ▶  │  │
//	 │  ├──────── relay: not heard of ───┴──────────────────┤  │  │
//	 │  └──────── worker: failed, again after a pause ──────┘  │  └──▶ cancelled
//	 │                                   last attempt failed   ▼
//	 └──────── replay ─────────────────────────────────────── dead
//
// A pending or queued job is cancelled at once; of a running one the worker
// that has it is told, and it is cancelled when its effect gives up. A cancelled
// job may be replayed like a dead one. Done is the end.
//
// # Invariant
//
// An attempt is begun at most once. What an effect changes in the database is
// committed in the transaction that moves the row from running to done, behind
// the tenant's fence: exactly once for each job that is done, whatever dies in
// between. What it does elsewhere happens at least once, with an id that is the
// same every time (an e-mail repeats its Message-ID).
//
// # A tenant that moves
//
// Jobs are rows, and move with their tenant. While it is frozen or has gone,
// nothing is claimed here, and an effect that is still running finishes without
// a trace, since its outcome meets the fence. The cell that takes the tenant over
// makes its queued and running jobs pending again as it opens.
//
// # Fairness
//
// A queue is one lane (priority) of one tenant. The relay goes round all queues
// with due jobs and hands out of each as many as its window leaves room for
// (windows.go), so a tenant with a hundred thousand jobs delays another's first
// by a window of them. Each lane has a queue at the broker and slots of its own
// at every worker, so none waits for another.
//
// # Cost
//
// Everything happens to many jobs at once: the relay publishes a round and waits
// for its confirmations once; a worker claims all that wait and it has room for
// in one round trip, and records outcomes that come together in one transaction.
//
// # Metrics
//
// A worker counts its attempts by kind and outcome (cell_job_attempts_total; the
// outcome "failed" is a retry to come, "dead" a dead letter) and times them
// (cell_job_attempt_duration_seconds). The relay says, four times a minute, how
// many jobs are in each stage of each lane and for how long the oldest one has
// been (cell_jobs, cell_job_oldest_seconds; dead letters are a stage), and counts
// what got lost on the way (cell_job_lost_total). cell_job_relaying is 1 where it
// runs.
//
// # One relay
//
// Of all workers of a cell one relays, by a lock in the database. The others
// stand by.
package jobs
