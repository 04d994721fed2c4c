// Package postgres holds all SQL of the control plane.
//
// # Order of the directory's versions
//
// Every change of the directory gets a version; versions have no gaps and grow
// in commit order. A transaction takes its versions from the one row of
// directory_counter, as the last lock it takes: the row's lock is
// held until the commit is visible, so the next transaction's number is higher
// and its commit later; a rollback gives the numbers back.
//
// # Order of locks
//
// signups, migrations, billing_accounts → tenants → claims → cells → directory_counter, and within a table by
// key. Every transaction takes its locks in this order, or deadlocks would
// follow. A tenant's row that is not yet committed is locked by nobody else and
// may come later.
//
// # Authority
//
// A state change is a compare-and-set: it names the state or version it starts
// from, and does nothing if that is no longer so.
package postgres
