// Package graph answers GraphQL queries: the reads of the REST API, over the
// same permissions, pages and cursors. The schema is ../../api/schema.graphql;
// there are no mutations and no subscriptions.
//
// # A request
//
//	parse and validate → plan: arguments, depth, cost → read, level by level → execute
//
// Everything that can be refused is refused before the database is asked: as
// one fault, for the whole request. The plan (plan.go) lists the fields that have to be read, the
// fields with @needs, in a tree. They are read breadth first (load.go): what one level
// needs is one statement a field, for however many objects, and all statements of
// a level travel in one round trip. Then gqlgen's generated code (exec.gen.go)
// executes the query, and its resolvers only take what is there.
//
// # One snapshot
//
// A request is one transaction, which looks at the fence and the caller once, with the
// first level, and commits with the last: a query without nested reads costs one
// round trip, like a read of the REST API, and each level of nested reads one more. All of the answer is of one
// moment. The price is a connection that is held between the round trips, for no longer
// than it takes to queue the next statements. What the fence says is the
// whole request's answer (421 or 503), which the router follows; so is a credential that is not valid.
//
// # Rights
//
// Each field with @needs is judged by the store with the actor that the fence's
// statement found. Who may not see it gets null there and an error with the code
// of the problem document that REST answers with; the rest of the answer stands. That a field is
// nested takes nothing off: it needs its own permission.
//
// # Limits
//
// The cost of a request is how many values its answer may hold at most: a field counts as
// often as the objects that it is selected of may be there, by the sizes of the pages
// around it. One that has to be read counts tenfold. Fragments and aliases
// count where they are spread, so they get round nothing; introspection counts
// what it really shows. Besides there are bounds on tokens, depth, and the fields that are read.
//
// Answers are not remembered: a query is read anew each time.
package graph

//go:generate go run github.com/99designs/gqlgen@v0.17.98 generate --config gqlgen.yml
