// Package hold keeps requests waiting while their tenant changes cell.
//
// A cell that answers "frozen" has executed nothing, so the request may be sent
// again once the tenant's freeze is over. Until then its caller waits here. The
// end of a freeze is seen in one of two ways: the directory has something newer
// ([Hold.Notify]: the tenant moved), or a request that tries again is served
// (the migration was aborted, or its freeze expired: no directory change says so).
//
// # Window
//
// The requests of one tenant that wait at the same time share a window:
//
//	          first frozen answer            Notify, or a try was served
//	(none) ─────────────────────▶ probing ─────────────────────────────▶ releasing
//	   ▲                           ▲ ▲ │  ◀────────────────────────────── │ │
//	   │                           │ │ │   a try was frozen, no news      │ │
//	   │ MinInterval    again, the │ │ │ nobody left                      │ │ nobody left
//	   │               window that │ │ ▼                                  │ ▼
//	   └────────────────────────── quiet ◀────────────────────────────── ─┘
//	                       ▲
//	                       └── Window after its first request: all that wait are refused
//
// Probing, the request that came first tries again every [firstRetry], growing to
// [lastRetry]. Releasing, requests try in the order of their arrival, a few at a
// time and more with each one that is served: the new cell is cold, and the
// frozen one may still be frozen.
//
// # Invariants
//
//   - Nobody waits longer than Window after the first request of the window, nor
//     longer than the caller's context.
//   - A quiet window that is needed again keeps its first deadline, and the next
//     one starts at least MinInterval after it: windows of one tenant neither
//     overlap nor make an endless chain.
//   - A request counts against PerTenant and Bytes from its first [Waiter.Wait]
//     until that fails or [Waiter.Done] is called.
//   - No news is missed: a [Waiter] is registered first and asks its caller's
//     cache afterwards, and whoever learns something puts it into the cache
//     first and calls [Hold.Notify] afterwards.
//
// # Authority
//
// None: what is told here only says when to try again. Who may serve the tenant
// is for the cell to say, every time. Time is the process's own clock, timers
// included; tests run in a synctest bubble.
package hold
