// Package proxy is the router's engine: it takes a request off the wire, finds
// the tenant's cell and forwards.
//
// [Proxy.Handle] lists the chain. On the way of a tenant that is known nothing
// waits for a lock that is held across I/O, a remote call or another request.
//
// # Who is believed
//
// Whatever a client sends under the names of package cellapi is removed, in any
// spelling, and the cell believes only what the router has signed. A request
// that two servers could read differently is refused before it is resolved.
//
// # Replay
//
// A 421 says that the cell executed nothing, so the request may be sent to
// another cell. Nothing else is replayed, save idempotent requests without a
// body on a kept-alive connection that turns out to be closed. A body that
// streams (over MaxReplayBody, or chunked) is gone once sent: such a request
// is answered 503 with Retry-After instead.
package proxy
