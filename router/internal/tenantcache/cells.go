package tenantcache

import (
	"cmp"
	"maps"
	"slices"

	"github.com/coditect/platform/shared/directory"
)

// Cell returns a cell by its id, or nil if it is not known.
func (c *Cache) Cell(id string) *directory.Cell { return (*c.cells.Load())[id] }

// Cells returns all known cells, in the order of their ids.
func (c *Cache) Cells() []directory.Cell {
	var cells []directory.Cell
	for _, cell := range *c.cells.Load() {
		cells = append(cells, *cell)
	}
	slices.SortFunc(cells, func(a, b directory.Cell) int { return cmp.Compare(a.ID, b.ID) })
	return cells
}

// PutCell takes what is said of a cell, unless something newer is known.
func (c *Cache) PutCell(cell directory.Cell) {
	c.cellMu.Lock()
	defer c.cellMu.Unlock()
	old := *c.cells.Load()
	if known := old[cell.ID]; known != nil && known.Version >= cell.Version {
		return
	}
	cells := maps.Clone(old)
	cells[cell.ID] = &cell
	c.cells.Store(&cells)
}
