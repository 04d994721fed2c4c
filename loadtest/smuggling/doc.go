// Package smuggling attacks the edge router with requests that two servers might
// read as two different things, and holds what the router counted against what
// real servers behind it saw: nginx, Apache, Node, the cell program, and a server
// on net/http.
//
//	make smuggling                    every mutation at every server
//	make smuggling ARGS=-short        about a sixth of them, and all that must be served
//	SMUGGLING_SEED=7 make smuggling   other random mutants
//
// It is built with the tag smuggling, because it needs packages that make test
// does not.
//
// The router and the cell are the real programs; the cell has a Postgres. The
// server on net/http is the cell's HTTP stack with nothing but a recorder on it:
// the cell itself does not say which host it saw, and of bodies only what it
// stores. nginx and Apache pass what they read on to such a recorder. Each server
// is set to be as lenient as it can be: what a lenient server might misread must
// not reach any.
//
// # Who says what
//
//   - A reading is what a stream of octets means by the narrowest grammar of RFC
//     9112. It is worked out by a reader of this package, which shares no code
//     with the router. Octets without exactly one reading have none.
//   - A count is a line of the router's access log.
//   - An answer is what the client read, told apart by X-Request-Id.
//   - A sighting is what a server behind says it was sent.
//
// # Invariant
//
// Every answer has one count and every count one answer. What the router counted
// on a connection are the connection's readings, in order, up to where it refused
// to go on. Every count of a request that was answered from behind has exactly
// one sighting, at the tenant's own server, with the same method, target, host
// and body, signed by the router, and no sighting is without a count.
package smuggling
