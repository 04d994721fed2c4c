package fence

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/cellapi"
)

// HeaderNumber names each request of the test, so that executions can be counted.
const HeaderNumber = "X-Bench-Number"

// Cell is one cell of a world, as an HTTP handler.
type Cell struct {
	world  *World
	number int
	signer *cellapi.Signer
	ids    map[string]int // tenants' numbers
}

// Cells returns all cells of the world. Master is the routers' edge key.
func (w *World) Cells(master []byte) []*Cell {
	ids := make(map[string]int, len(w.tenants))
	for t := range w.tenants {
		ids[workload.ID(t).String()] = t
	}
	cells := make([]*Cell, workload.Cells)
	for n := range cells {
		cells[n] = &Cell{world: w, number: n, ids: ids, signer: cellapi.NewSigner(cellapi.DeriveKey(master, workload.CellName(n)))}
	}
	return cells
}

// ServeHTTP executes a request if its tenant is here, and says what it did in
// the form of [Answer].
func (c *Cell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(cellapi.HeaderTenantID)
	tenant, known := c.ids[id]
	if id == "" || !known { // a health probe, or a tenant that nobody has
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if err := c.signer.VerifyRequest(r, time.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	body := crc32.NewIEEE()
	if _, err := io.Copy(body, r.Body); err != nil {
		return // the router has gone
	}
	asked, err := strconv.ParseUint(r.Header.Get(cellapi.HeaderTenantEpoch), 10, 64)
	if err != nil {
		http.Error(w, "no epoch", http.StatusForbidden)
		return
	}
	here, epoch, left := c.world.enter(c.number, tenant, r.Header.Get(HeaderNumber))
	switch {
	case asked > epoch: // nobody can know of a later one
		http.Error(w, "epoch of the future", http.StatusInternalServerError)
	case here:
		w.Header().Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(epoch, 10))
		fmt.Fprint(w, Answer(id, r.Header.Get(HeaderNumber), body.Sum32()))
	default:
		refuse(w, left)
	}
}

// refuse says where the tenant went, as far as this cell knows.
func refuse(w http.ResponseWriter, left departure) {
	if left.epoch == 0 {
		w.Header().Set(cellapi.HeaderTenantState, cellapi.StateAbsent)
	} else {
		w.Header().Set(cellapi.HeaderTenantState, cellapi.StateDeparted)
		w.Header().Set(cellapi.HeaderTenantCell, workload.CellName(left.to))
		w.Header().Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(left.epoch, 10))
	}
	w.WriteHeader(http.StatusMisdirectedRequest)
}

// Answer is the right answer's body: the tenant's id, the request's number and the
// checksum of the body that arrived.
func Answer(id, number string, body uint32) string {
	return fmt.Sprintf("%s %s %08x", id, number, body)
}
