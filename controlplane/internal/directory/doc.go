// Package directory is the use-cases around the directory tenant → cell: its
// readers' questions, what operators do with tenants and their domains, bulk
// import, and the end of tenants.
//
// Invariant: every change of an assignment or a cell is one version of the
// directory, in the order in which the changes were committed (package postgres
// says how). Tenants change by compare-and-set on their version.
package directory
