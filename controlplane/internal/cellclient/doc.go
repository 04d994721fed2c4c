// Package cellclient is the control plane's client of a cell's internal API.
//
// Every request is signed with the key that is derived for that one cell, and
// every operation is idempotent: a call whose outcome is unknown is simply
// repeated. Errors are the faults that the cell answered with, or unavailable.
package cellclient
