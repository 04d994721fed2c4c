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
//	   ▲  │                              │                  │  │
//	   │  └─── worker: claim (it was faster than the relay) ▶  │
//	   ├──────── relay: not heard of ────┴──────────────────┤  │ last attempt failed
//	   └──────── worker: failed, again after a pause ───────┘  └─────────────▶ dead
//
// # Invariant
//
// An attempt is begun at most once. An effect happens at least once for each
// job that is done; effects are made so that a repetition is recognised (an
// e-mail repeats its Message-ID).
//
// # One relay
//
// Of all workers of a cell one relays, by a lock in the database. The others
// stand by.
package jobs
