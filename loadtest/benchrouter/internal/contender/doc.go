// Package contender starts the programs that are compared, each configured to
// do the same work for the same tenants with the same number of threads on the
// same processors, and reads from the operating system what they cost.
//
// None of them writes an access log, each keeps connections to the cells open
// and reuses them as freely as it can, and none limits how many requests a
// connection may carry.
package contender
