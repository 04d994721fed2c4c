// Package rollout brings a version to the cells of a fleet in waves, looks at each
// wave for a while, and takes the version back from all of them if a service level
// objective suffers.
//
//	            a wave's cells have it            time is up, nothing burns
//	applying ─────────────────────────▶ baking ─────────────────────────────▶ applying (next wave) … done
//	    │  a cell cannot be given it      │  an objective burns, or cannot be seen
//	    └──────────────┬──────────────────┘
//	                   ▼
//	               reverting ──── every cell has what it had ────▶ reverted
//
// The first wave is the canary. Each step is stored before it is begun, so that a
// rollout whose terminal was closed is resumed where it was: giving a cell a version
// that it has already changes nothing. Invariant: a cell that is not stored as
// pending or old may have the version, and is reverted.
//
// # Where a rollout's state is
//
// In a file beside whoever runs it, and not in the control plane. Giving a cell a
// version takes credentials for that cell's cluster, which the control plane must not
// have: who broke into it could then run code in every cell. The control plane itself
// may be what is being repaired. And a rollback must not need it. The price: two
// people on two machines can begin two rollouts of the same cells; what the cells run
// is the file in git that the program of a rollout changes, and there they meet. On one
// machine the file is locked.
//
// # The gate
//
// Prometheus is asked for the rules of deploy/alerts: how fast each objective of a
// cell burns its budget now (slo:bad_ratio:5m over slo:budget), and whether its API is
// seen at all. The thresholds of the alerts look back an hour and more; a canary
// that is watched for minutes needs the short window alone. An objective that has no
// events says nothing. What is over the limit twice in a row is a breach. A wave that
// cannot be seen for too long is one, too: nothing unwatched is left running.
package rollout
