// Package cell holds the nouns and the pure rules of a cell: the isolated
// backend that serves a share of all tenants with a database of its own.
//
// Nothing here talks to a database or the network. The one rule that
// everything else leans on is the fence ([Fence]): the cell's own record of
// whether it may serve a tenant.
package cell
