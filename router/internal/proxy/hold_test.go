package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// frozen answers writes as a cell does whose tenant is being moved.
func frozen(entered *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set(cellapi.HeaderTenantState, cellapi.StateFrozen)
		w.WriteHeader(http.StatusServiceUnavailable)
		entered.Add(1)
	}
}

// Requests that meet a freeze wait and are served by the cell that the tenant
// goes to; nobody sees an error.
func TestRequestsWaitForAMigration(t *testing.T) {
	t.Parallel()
	h := hold.New(hold.Options{})
	f := start(t, func(o *proxy.Options) { o.Hold = h })
	var met atomic.Int32
	f.cells["cell-a"].handle(frozen(&met))
	const requests = 20
	var wg sync.WaitGroup
	for i := range requests {
		body := strings.Repeat("x", i*i*1000) // up to 361 kB: streamed, with a copy
		wg.Go(func() {
			if resp, got := f.do(t, "POST", "acme.example.com", "/", body); resp.StatusCode != 200 || got != "cell-b "+body {
				t.Errorf("%d octets: %d, %d octets", len(body), resp.StatusCode, len(got))
			}
		})
	}
	testkit.Eventually(t, "a request to be held", func() bool { return met.Load() > 0 && h.Holding(f.acme.TenantID) })
	if resp, _ := f.do(t, "POST", "acme.example.com", "/", strings.Repeat("x", 2<<20)); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("2 MiB while requests wait: %d", resp.StatusCode)
	}
	moved := f.acme
	moved.Cell, moved.Epoch, moved.Version = "cell-b", 2, 20
	f.put(moved)
	f.cache.Put(moved)
	h.Notify(moved.TenantID, hold.Position{Version: 20, Epoch: 2}) // as the cache's hook does
	wg.Wait()
	if n := f.cells["cell-b"].requests.Load(); n != requests {
		t.Errorf("the target served %d of %d", n, requests)
	}
}

// A router may hear of a move before the cell has opened: there, its row is
// importing; on the way back it is still the one that departed.
func TestRequestsWaitForACellThatOpens(t *testing.T) {
	t.Parallel()
	for _, state := range []string{cellapi.StateImporting, cellapi.StateUnknownEpoch} {
		f := start(t, func(o *proxy.Options) { o.Hold = hold.New(hold.Options{}) })
		var met atomic.Int32
		f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
			if met.Add(1) > 3 {
				_, _ = io.WriteString(w, "open")
				return
			}
			w.Header().Set(cellapi.HeaderTenantState, state)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		if resp, got := f.do(t, "GET", "acme.example.com", "/", ""); resp.StatusCode != 200 || got != "open" {
			t.Errorf("%s: %d %q", state, resp.StatusCode, got)
		}
	}
}

// A freeze that expires changes nothing in the directory.
func TestRequestsWaitForAThaw(t *testing.T) {
	t.Parallel()
	h := hold.New(hold.Options{})
	f := start(t, func(o *proxy.Options) { o.Hold = h })
	var met atomic.Int32
	f.cells["cell-a"].handle(frozen(&met))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if resp, got := f.do(t, "POST", "acme.example.com", "/", "x"); resp.StatusCode != 200 || got != "thawed" {
				t.Errorf("%d %q", resp.StatusCode, got)
			}
		})
	}
	testkit.Eventually(t, "requests to meet the freeze", func() bool { return met.Load() >= 3 })
	f.cells["cell-a"].handle(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "thawed") })
	wg.Wait()
}

// Who waited for a migration finds a cell that is full: it waits for its turn
// there too, while others are told to come again.
func TestHeldRequestsAreNotTurnedAwayByAFullCell(t *testing.T) {
	t.Parallel()
	h := hold.New(hold.Options{})
	f := start(t, func(o *proxy.Options) { o.Hold, o.RequestTimeout = h, time.Minute })
	var met atomic.Int32
	f.cells["cell-a"].handle(frozen(&met))
	free := make(chan struct{})
	f.cells["cell-b"].handle(func(w http.ResponseWriter, _ *http.Request) { <-free; w.WriteHeader(http.StatusNoContent) })
	const tenants, each = 100, 5 // of whom each has less than its share of a cell's first limit
	var crowd sync.WaitGroup
	var refused atomic.Int32
	for i := range tenants {
		slug := fmt.Sprintf("crowd-%d", i)
		f.put(directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(slug), Cell: "cell-b", State: directory.Active, Epoch: 1, Version: 11})
		for range each {
			crowd.Go(func() {
				if resp, _ := f.do(t, "GET", slug+".example.com", "/", ""); resp.StatusCode == 503 {
					refused.Add(1)
				}
			})
		}
	}
	testkit.Eventually(t, "the cell to be full", func() bool { return refused.Load() > 0 })
	held := make(chan int)
	go func() {
		resp, _ := f.do(t, "POST", "acme.example.com", "/", "x")
		held <- resp.StatusCode
	}()
	testkit.Eventually(t, "a request to be held", func() bool { return met.Load() > 0 && h.Holding(f.acme.TenantID) })
	moved := f.acme
	moved.Cell, moved.Epoch, moved.Version = "cell-b", 2, 20
	f.put(moved)
	f.cache.Put(moved)
	h.Notify(moved.TenantID, hold.Position{Version: 20, Epoch: 2})
	for range 3 { // each takes as long as anybody is let wait for a turn
		if resp, _ := f.do(t, "GET", "crowd-0.example.com", "/", ""); resp.StatusCode != 503 {
			t.Errorf("the cell is not full: %d", resp.StatusCode)
		}
	}
	close(free)
	if status := <-held; status != http.StatusNoContent {
		t.Errorf("who was held got %d", status)
	}
	crowd.Wait()
}
