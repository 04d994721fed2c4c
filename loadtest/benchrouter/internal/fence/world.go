package fence

import (
	"math/rand/v2"
	"sync"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// departure is what a cell knows of a tenant that left it: the next cell and
// the epoch there. Epoch 0: the tenant never was in the cell.
type departure struct {
	to    int
	epoch uint64
}

// residence is the truth about one tenant.
type residence struct {
	cell  int
	epoch uint64
	left  [workload.Cells]departure
}

// World is where every tenant really is. Tenants begin where the directory of
// package workload has them.
type World struct {
	mu       sync.Mutex
	tenants  []residence
	executed map[string]int // requests by their number
	moves    int
}

// NewWorld returns a world of n tenants.
func NewWorld(n int) *World {
	w := &World{tenants: make([]residence, n), executed: map[string]int{}}
	for t := range w.tenants {
		w.tenants[t].cell, w.tenants[t].epoch = workload.CellOf(t), 1
	}
	return w
}

// Move moves one tenant to any other cell.
func (w *World) Move(tenant int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &w.tenants[tenant]
	to := (t.cell + 1 + rand.IntN(workload.Cells-1)) % workload.Cells
	t.epoch++
	t.left[t.cell] = departure{to: to, epoch: t.epoch}
	t.cell = to
	w.moves++
}

// Moves is how often tenants have moved.
func (w *World) Moves() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moves
}

// Executed is how often a request was executed.
func (w *World) Executed(request string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.executed[request]
}

// enter executes a request in a cell if the tenant is there.
func (w *World) enter(cell, tenant int, request string) (here bool, epoch uint64, left departure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &w.tenants[tenant]
	if t.cell != cell {
		return false, t.epoch, t.left[cell]
	}
	w.executed[request]++
	return true, t.epoch, departure{}
}
