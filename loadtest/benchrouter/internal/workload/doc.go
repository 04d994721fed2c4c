// Package workload says what is asked of every contender: which tenants there
// are, where they live, which tokens their users carry, and how a request and
// its only right answer read. All of it is a function of the tenant's number, so
// that generator, back end and contenders agree without talking to each other.
package workload
