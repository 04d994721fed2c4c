// Package smuggling holds the mutations of requests of which no server behind
// the router may see more, fewer or others than the router counted: nginx,
// Apache, Node, net/http and the cell itself.
//
// It is not finished. With all its mutations, some six thousand at each of five
// servers, it does not end within minutes, so it is neither part of make test
// nor shown to pass. It is built with the tag smuggling:
//
//	SMUGGLING=1 go test -tags smuggling -timeout 60m ./loadtest/smuggling
//
// What remains is to find where it waits, and then a make target and a short
// form for CI.
package smuggling
