package upstream

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// Cell is the way to one cell.
type Cell struct {
	ID       string
	endpoint string
	host     string
	port     string
	tls      *tls.Config // nil: plain
	owner    *Cells
	list     atomic.Pointer[[]*address]
	budget   budget
	stop     context.CancelFunc
	retired  chan struct{}
}

// Secure reports whether the cell is reached over TLS.
func (c *Cell) Secure() bool { return c.tls != nil }

// Get returns a connection on which nothing is under way: a kept one if there
// is, and otherwise a new one. A fresh connection is asked for after a kept one
// turned out to be dead.
func (c *Cell) Get(ctx context.Context, fresh bool) (*Conn, error) {
	a := c.pick()
	if a == nil {
		return nil, ErrEjected
	}
	c.budget.earn()
	if !fresh {
		if conn := a.kept(); conn != nil {
			return conn, nil
		}
	}
	conn, err := a.dial(ctx)
	if err == nil || len(*c.list.Load()) == 1 {
		return conn, err
	}
	if other := c.pick(); other != nil && other != a { // nothing was sent, so this is no retry
		return other.dial(ctx)
	}
	return nil, err
}

// MayRetry takes one retry from the cell's budget, if there is one.
func (c *Cell) MayRetry() bool {
	ok := c.budget.spend()
	c.owner.metrics.retries.WithLabelValues(c.ID, map[bool]string{true: "made", false: "refused"}[ok]).Inc()
	return ok
}

// Healthy reports whether any address takes requests.
func (c *Cell) Healthy() bool { return c.pick() != nil }

// pick returns the less busy of two healthy addresses taken at random (power
// of two choices, Mitzenmacher 2001), or nil.
func (c *Cell) pick() *address {
	list := *c.list.Load()
	if len(list) == 1 {
		if list[0].ejected.Load() {
			return nil
		}
		return list[0]
	}
	var best *address
	start := rand.IntN(len(list))
	seen := 0
	for i := range list {
		a := list[(start+i)%len(list)]
		if a.ejected.Load() {
			continue
		}
		if best == nil || a.busy.Load() < best.busy.Load() {
			best = a
		}
		if seen++; seen == 2 {
			break
		}
	}
	return best
}

// watch probes and resolves until ctx ends.
func (c *Cell) watch(ctx context.Context) {
	probe, resolve := time.NewTicker(probeInterval), time.NewTicker(resolveInterval)
	defer probe.Stop()
	defer resolve.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-probe.C:
			for _, a := range *c.list.Load() {
				a.probe(ctx)
				a.closeStale(c.owner.opts.Reaper.Now())
			}
		case <-resolve.C:
			if net.ParseIP(c.host) != nil {
				continue
			}
			if err := c.resolve(ctx); err != nil {
				c.owner.opts.Log.WarnContext(ctx, "cell's name not resolved; the known addresses stay", "cell", c.ID, "err", err)
			}
		}
	}
}

func (c *Cell) resolve(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupHost(ctx, c.host)
	if err != nil {
		return err
	}
	addrs := make([]string, 0, len(ips))
	for _, ip := range ips {
		addrs = append(addrs, net.JoinHostPort(ip, c.port))
	}
	slices.Sort(addrs)
	c.setAddresses(slices.Compact(addrs))
	return nil
}

// setAddresses keeps what is known of addresses that stay.
func (c *Cell) setAddresses(addrs []string) {
	known := map[string]*address{}
	if list := c.list.Load(); list != nil {
		for _, a := range *list {
			known[a.addr] = a
		}
	}
	next := make([]*address, 0, len(addrs))
	for _, addr := range addrs {
		a := known[addr]
		if a == nil {
			a = &address{cell: c, addr: addr}
		}
		delete(known, addr)
		next = append(next, a)
	}
	c.list.Store(&next)
	for _, a := range known {
		a.closeIdle()
	}
}

func (c *Cell) retire() {
	close(c.retired)
	c.stop()
	c.closeIdle()
}

func (c *Cell) closeIdle() {
	for _, a := range *c.list.Load() {
		a.closeIdle()
	}
}
