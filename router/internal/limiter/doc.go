// Package limiter counts tenants' requests against their limits: a rate with a
// burst, and requests in flight. Every router decides by itself, in memory;
// routers of a region tell each other through Redis, in the background, what
// they admitted, so that a tenant's total is its limit however its requests are
// spread over routers. No request waits for Redis.
//
// Requests in flight are counted for each router alone.
//
// # How the rate is shared
//
// Usage is a meter that every admitted request raises by one and that leaks at
// the limit's rate; a request is admitted while the meter stays within the
// burst. Of each key, Redis holds the common meter and the common demand
// (attempts, fading), in Redis' own time: routers' clocks do not matter. Every
// interval (100 ms) a router hands in, in one round trip, what it admitted and
// was asked for of the keys that are short or soon might be (urgent, followed;
// the rest at leisure: sweep), and learns both figures.
//
// From them it knows how much is free and what the others want until the next
// exchange. If there is enough for all, it may take everything but what the
// others will take, so below the limit nothing is refused. If there is not, it
// takes its part: the share of the free, or of the debt, that its demand has in
// all demand. The shares add up to one, so the routers together take what is
// free, and no more; whatever was mispredicted is in the common meter at the
// next exchange. So the total over time is exact, and errors do not add up.
//
// # Bounds
//
// Over any span T, all of n routers together admit at most
//
//	rate × T + burst + overshoot
//	overshoot ≤ min(demand × 2τ + (n−1) × burst/8, (n−1) × (burst + rate × 2τ)) + rate × 2τ + n
//
// where τ is the interval plus the exchange's time: what comes before the
// others hear of it, and what is too little to be reported (an eighth of what
// is left). It happens once, when a demand comes out of silence; it is a debt
// that is paid back before more is admitted. One router alone never admits more
// than rate × T + burst. A burst below the rate × 2τ cannot be told apart over
// several routers: below it the total still keeps the rate, but single refusals
// are not those of one exact bucket, and where demand far above the limit jumps
// between routers several times a second, part of the limit is lost.
//
// # Without Redis
//
//	          exchange succeeds                  no exchange for 10 intervals
//	unknown ─────────────────────▶ connected ───────────────────────────────▶ cut off
//	                                  ▲                                          │
//	                                  └────────── exchange succeeds ─────────────┘
//
// A router that is cut off gives each key a bucket of its own: its share of rate
// and burst at the time of the loss, and at least an equal part among the
// routers that were alive; filled as the common one was. While demand stays
// where it was, the total stays the limit; where it moves, it is below twice
// that. A router that never reached Redis knows of no others.
//
// Coming back, a router does not add up what it admitted alone, but raises the
// common meter to its own estimate of it; the same estimate begins a key that
// Redis has forgotten. So neither a restart of Redis, empty or not, nor FLUSHALL
// makes a storm of refusals, or a second burst.
//
// A report whose answer is lost is not sent again: Redis that is slow would
// count it every time.
//
// # Authority and memory
//
// Nothing here is authoritative; all of it may be lost at the price of one
// burst. Keys are bounded ([Options]); those that are no different from new ones
// are dropped after ten seconds.
package limiter
