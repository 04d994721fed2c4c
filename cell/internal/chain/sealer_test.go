package chain_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// cost is a ledger that counts what it is asked.
type cost struct {
	mu        sync.Mutex
	residents []cell.Resident
	behind    map[tenancy.ID]bool // has more rows than one look returns
	windows   []time.Duration
	visits    map[tenancy.ID]int
}

func (c *cost) LeadSealing(context.Context) (chain.Leadership, error) { return c, nil }
func (c *cost) Held(context.Context) error                            { return nil }
func (c *cost) Resign()                                               {}

func (c *cost) NewRows(_ context.Context, window time.Duration, _ int) ([]cell.AuditBatch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.windows = append(c.windows, window)
	return nil, nil
}

func (c *cost) Backlog(_ context.Context, tenants []tenancy.ID, _ int, _ time.Duration) ([]cell.AuditBatch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var some []cell.AuditBatch
	for _, t := range tenants {
		c.visits[t]++
		if c.behind[t] {
			some = append(some, cell.AuditBatch{Tenant: t, Rows: []cell.AuditRow{{Tenant: t}}})
		}
	}
	return some, nil
}

func (c *cost) LiveTenants(context.Context, tenancy.ID, int) ([]cell.Resident, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.residents, nil
}

func (c *cost) ExtendChains(context.Context, []cell.AuditBatch, func(cell.ChainEnd, cell.AuditBatch) cell.Extension) error {
	return nil
}

func (c *cost) see(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// await waits until the sealer has made some more turns.
func (c *cost) await(t *testing.T) {
	t.Helper()
	const turns = 20
	var until int
	c.see(func() { until = len(c.windows) + turns })
	testkit.Eventually(t, "some turns", func() (met bool) {
		c.see(func() { met = len(c.windows) >= until })
		return met
	})
}

// However often the sealer looks for new rows, it looks through what a tenant wrote
// in the last hour once a minute: at once if that was not all, or if the tenant has
// come anew with rows of its own.
func TestTheSealerPassesOldRowsSeldom(t *testing.T) {
	t.Parallel()
	calm, busy, comes := tenancy.NewID(), tenancy.NewID(), tenancy.NewID()
	ledger := &cost{
		residents: []cell.Resident{{Tenant: calm, Epoch: 1}, {Tenant: busy, Epoch: 1}, {Tenant: comes, Epoch: 1}},
		behind:    map[tenancy.ID]bool{busy: true}, visits: map[tenancy.ID]int{},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var sealing sync.WaitGroup
	sealing.Go(func() {
		_ = chain.Sealer{Ledger: ledger, Interval: time.Millisecond, Log: slog.New(slog.DiscardHandler), Sealed: chain.NewCounter(prometheus.NewRegistry())}.RunOnce(ctx)
	})
	defer sealing.Wait()
	defer cancel()
	ledger.await(t)
	ledger.see(func() {
		if ledger.visits[calm] != 1 || ledger.visits[comes] != 1 || ledger.visits[busy] < 10 {
			t.Errorf("calm %d, comes %d, busy %d visits", ledger.visits[calm], ledger.visits[comes], ledger.visits[busy])
		}
		ledger.residents[2].Epoch, ledger.behind[busy] = 3, false
	})
	ledger.await(t)
	var busyBefore int
	ledger.see(func() { busyBefore = ledger.visits[busy] })
	ledger.await(t)
	ledger.see(func() {
		if ledger.visits[calm] != 1 || ledger.visits[comes] != 2 || ledger.visits[busy] != busyBefore {
			t.Errorf("calm %d, comes %d, busy %d after %d visits", ledger.visits[calm], ledger.visits[comes], ledger.visits[busy], busyBefore)
		}
		wide := 0
		for _, w := range ledger.windows {
			if w >= 30*time.Second {
				wide++
			}
		}
		if wide == 0 || wide > len(ledger.windows)/4 {
			t.Errorf("%d of %d looks went back half a minute", wide, len(ledger.windows))
		}
	})
}
