package fence_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/loadtest/benchrouter/internal/fence"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/testkit"
)

var master = []byte("a master of the cells' edge keys")

const tenants = 40

// router follows cells' refusals to their end, and may be made to misbehave.
type router struct {
	t        *testing.T
	cells    []*fence.Cell
	twice    func() bool // executes a request twice
	wrong    func() bool // sends it as another tenant
	giveUp   func() bool // answers 503 after it was executed
	refusals atomic.Int64
}

func (r *router) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	tenant, err := strconv.Atoi(in.Host[len("org-"):len("org-0000000")])
	if err != nil {
		r.t.Errorf("host %s", in.Host)
	}
	if r.wrong() {
		tenant = (tenant + 1) % tenants
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		r.t.Error(err)
	}
	cell, epoch := workload.CellOf(tenant), uint64(1)
	for {
		answer := r.forward(in, tenant, cell, epoch, body)
		if answer.Code == http.StatusMisdirectedRequest {
			r.refusals.Add(1)
			name := answer.Header().Get(cellapi.HeaderTenantCell)
			cell = int(name[len(name)-1] - '0')
			epoch, err = strconv.ParseUint(answer.Header().Get(cellapi.HeaderTenantEpoch), 10, 64)
			if err != nil {
				r.t.Error(err)
			}
			continue
		}
		if r.twice() {
			r.forward(in, tenant, cell, epoch, body)
		}
		if r.giveUp() {
			w.Header().Set("Retry-After", "1")
			answer.Code = http.StatusServiceUnavailable
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
		return
	}
}

func (r *router) forward(in *http.Request, tenant, cell int, epoch uint64, body []byte) *httptest.ResponseRecorder {
	out := httptest.NewRequest(in.Method, in.RequestURI, newBody(body))
	out.Header.Set(fence.HeaderNumber, in.Header.Get(fence.HeaderNumber))
	out.Header.Set(cellapi.HeaderTenantID, workload.ID(tenant).String())
	out.Header.Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(epoch, 10))
	sign(out, cell, epoch)
	w := httptest.NewRecorder()
	r.cells[cell].ServeHTTP(w, out)
	return w
}

func never() bool { return false }

func run(t *testing.T, change func(*router)) (*fence.Clients, *router) {
	t.Helper()
	world := fence.NewWorld(tenants)
	for i := range tenants * 5 {
		world.Move(i % tenants)
	}
	r := &router{t: t, cells: world.Cells(master), twice: never, wrong: never, giveUp: never}
	change(r)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	addr := netip.MustParseAddrPort(server.Listener.Addr().(*net.TCPAddr).String())
	clients := &fence.Clients{World: world, Router: addr, Tenants: tenants, Number: 4, Total: 300}
	if err := clients.Run(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
	return clients, r
}

// Whoever follows the refusals comes to the cell that has the tenant, however
// often it moved.
func TestRefusalsLeadToTheTenant(t *testing.T) {
	t.Parallel()
	clients, r := run(t, func(*router) {})
	if clients.Wrong.Load() != 0 || clients.Answered.Load() != 300 || r.refusals.Load() == 0 {
		t.Errorf("%d answered, %d wrong (%v), %d refusals", clients.Answered.Load(), clients.Wrong.Load(), clients.First(), r.refusals.Load())
	}
}

func TestClientsFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*router, func() bool){
		"executed twice":            func(r *router, some func() bool) { r.twice = some },
		"another tenant":            func(r *router, some func() bool) { r.wrong = some },
		"refused after it was done": func(r *router, some func() bool) { r.giveUp = some },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n, done atomic.Int64
			clients, _ := run(t, func(r *router) {
				change(r, func() bool {
					if n.Add(1)%50 != 0 {
						return false
					}
					done.Add(1)
					return true
				})
			})
			if clients.Wrong.Load() != done.Load() || done.Load() == 0 || clients.First() == nil {
				t.Errorf("%d wrong answers were found of %d", clients.Wrong.Load(), done.Load())
			}
		})
	}
}

func TestCellsWantTheirOwnSignature(t *testing.T) {
	t.Parallel()
	cells := fence.NewWorld(1).Cells(master)
	home := workload.CellOf(0)
	for cell, want := range map[int]int{home: http.StatusOK, (home + 1) % workload.Cells: http.StatusForbidden} {
		out := httptest.NewRequest(http.MethodGet, "/", nil)
		out.Header.Set(cellapi.HeaderTenantID, workload.ID(0).String())
		out.Header.Set(cellapi.HeaderTenantEpoch, "1")
		sign(out, cell, 1)
		w := httptest.NewRecorder()
		cells[home].ServeHTTP(w, out)
		if w.Code != want {
			t.Errorf("signed for cell %d: %d", cell, w.Code)
		}
	}
}
