// Package hold keeps many connections open and shows that each still serves.
//
// A process may have 20,000 descriptors, and a source address 28,000 connections to one
// target, so the connections are spread over processes, each with a source address of
// its own. A process opens its connections, asks once on each, says how it went, and asks
// again whenever it is told to, until its standard input ends. A connection
// that had to be opened anew counts as lost.
package hold
