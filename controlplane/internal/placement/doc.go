// Package placement chooses the cell of a new tenant. It is pure: the same
// cells, wish and time give the same answer, so every choice can be explained
// and tested without a server.
//
// The rule: among the cells that are active, healthy, not full, of the wanted
// tier and in the wanted region, the one with the most headroom; between equals
// the one with fewer tenants, then the first by id.
package placement
