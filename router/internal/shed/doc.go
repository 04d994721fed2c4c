// Package shed keeps a cell from being given more requests than it can work on,
// and decides whose requests give way. One [Controller] stands before each cell.
//
// # Admission
//
//	                    fewer under way than the limit, nobody queued
//	request ──────────▶ admitted
//	   │                its tenant has less than its share (limit / active tenants):
//	   ├──────────────▶ admitted, up to a quarter above the limit
//	   │                else, if its tenant uses less than its part of the queue:
//	   ├──────────────▶ queued, at most Options.Wait, the tenants taking turns
//	   └──────────────▶ refused: [ErrOverloaded]
//
// So a tenant that sends too much waits behind itself, and is refused first. A
// request that was refused has been executed nowhere.
//
// # Limit
//
// The limit follows the latency that the cell shows, as the gradient limits of
// Netflix's concurrency-limits and Envoy's adaptive concurrency do: latency
// that grows with the number of requests under way is time in a queue. For each
// window of at least 50 ms and, unless that takes 500 ms, 400 answers:
//
//	threshold = base · (1.03 + 0.6/√answers) + Slack + 2·delay
//	limit     = limit · max(0.5, threshold/latency) + √limit/4   if latency > threshold
//	limit     = limit + √limit/4 · 2^(0…4)                       else, if half of it was used
//
// base is the mean latency without a queue. Where those two limiters keep a
// long-term average (which drifts under load that lasts) or stop nearly all
// traffic to measure a minimum, this one looks at what its cuts do: fewer
// requests that are faster did queue; fewer that are not faster just take that
// long, so base is set to their latency and the cut is undone. The same
// experiment, a cut to 70 % for one window, is made every 10 s while the limit
// is in use, so a router that starts in the middle of an overload finds out.
// An answer that says "overloaded" in one of ten takes a fifth off the limit.
//
// Latencies above four times the last window's mean count as that, so that a
// rare report of a minute does not hide what everybody else sees.
//
// # A process that is short of processor time
//
// sees latencies that are its own. A [Pulse] measures how late it is: that time
// counts neither as a request's latency nor as its time in the queue, and the
// threshold is higher by two such delays. So a tenant is not refused because
// this process was not run, while a cell's queue is still seen by one that is.
//
// # Invariants
//
//   - At most limit + limit/4 requests are under way, limit + limit/2 + 8 with
//     critical ones; after the limit was lowered, fewer and fewer above it.
//   - Every admitted request gives its place back once ([Ticket]).
//   - While requests are queued, a free place goes to one of them, or to a tenant
//     within its share.
//
// # Exactness
//
// Tenants are told apart by 2,048 buckets: two of them that share one share
// their share. The number of active tenants is at most a millisecond old.
//
// # Authority
//
// The controller only protects; which requests a tenant may send at all is for
// its plan's limits to say. Each router has its own controllers, and they find
// their part of the cell's capacity by the latency that they share.
package shed
