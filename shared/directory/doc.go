// Package directory is the contract between the control plane, which owns the
// directory tenant → cell, and everyone who reads it.
//
// # Order
//
// Every change of the directory has a version; versions have no gaps and are
// assigned in commit order. So a reader that has applied all changes up to
// version v knows exactly the directory as of v, and "what is new since v?" has
// one answer. A reader keeps the newer of two entries by version and by nothing
// else.
//
// # Authority
//
// The directory says where a tenant should be. Whether a cell may serve the
// tenant is said by that cell's fence alone, so a reader may be arbitrarily
// stale and still never be wrong: the cell refuses what is stale.
package directory
