// Package smuggling attacks the edge router with requests that two servers might
// read as two different things, and holds what the router counted against what
// real servers behind it saw.
//
//	make smuggling                    every mutation at every server
//	make smuggling ARGS=-short        every fourth of most families
//	SMUGGLING_SEED=7 make smuggling   other random mutants
//
// The router is the real program. Behind it, one tenant each, are nginx, Apache,
// Node, the real cell program with its Postgres, and a server on net/http: the
// cell's HTTP stack with nothing but a recorder on it, because the cell itself
// says neither which host it saw nor which body. Each is set to be as lenient as
// it can be: what a lenient server might misread must not reach any.
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
// and body, signed by the router, and no sighting is without a count. Each answer
// from behind belongs to the request that it was given to.
package smuggling
