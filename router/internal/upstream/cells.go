package upstream

import (
	"context"
	"net"
	"net/url"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/shared/directory"
)

// Cells are the cells that were asked for so far. It is safe for concurrent use.
type Cells struct {
	opts    Options
	metrics *metrics
	cells   sync.Map // cell id → *Cell
	ctx     context.Context
	stop    context.CancelFunc
	tasks   errgroup.Group
}

// New returns Cells that know none. Close ends what runs in the background.
func New(opts Options) *Cells {
	c := &Cells{opts: opts, metrics: newMetrics(opts.Registry)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// Get returns the connections to a cell: new ones if its endpoint changed;
// what is in flight on the old ones finishes there.
func (c *Cells) Get(d *directory.Cell) (*Cell, error) {
	if known, ok := c.cells.Load(d.ID); ok {
		if cell := known.(*Cell); cell.endpoint == d.Endpoint {
			return cell, nil
		}
	}
	return c.add(d)
}

func (c *Cells) add(d *directory.Cell) (*Cell, error) {
	cell, err := c.newCell(d)
	if err != nil {
		return nil, err
	}
	for {
		known, loaded := c.cells.LoadOrStore(d.ID, cell)
		if !loaded {
			break
		}
		old := known.(*Cell)
		if old.endpoint == d.Endpoint {
			return old, nil
		}
		if c.cells.CompareAndSwap(d.ID, known, cell) {
			old.retire()
			break
		}
	}
	ctx, stop := context.WithCancel(c.ctx)
	cell.stop = stop
	c.tasks.Go(func() error { cell.watch(ctx); return nil })
	return cell, nil
}

func (c *Cells) newCell(d *directory.Cell) (*Cell, error) {
	u, err := url.Parse(d.Endpoint)
	if err != nil || u.Host == "" {
		return nil, ErrEndpoint
	}
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	cell := &Cell{ID: d.ID, endpoint: d.Endpoint, host: u.Hostname(), port: port, owner: c, retired: make(chan struct{})}
	if u.Scheme == "https" {
		cell.tls = c.opts.TLS.Clone()
		cell.tls.ServerName = u.Hostname()
	}
	if ip := net.ParseIP(cell.host); ip != nil {
		cell.setAddresses([]string{net.JoinHostPort(cell.host, port)})
	} else if err := cell.resolve(c.ctx); err != nil {
		// The watcher asks again; until then the name itself is dialled.
		cell.setAddresses([]string{net.JoinHostPort(cell.host, port)})
	}
	return cell, nil
}

// Each calls fn for every cell.
func (c *Cells) Each(fn func(*Cell)) {
	c.cells.Range(func(_, cell any) bool { fn(cell.(*Cell)); return true })
}

// Close ends probes and closes idle connections.
func (c *Cells) Close() {
	c.stop()
	_ = c.tasks.Wait() // watchers return nil
	c.Each(func(cell *Cell) { cell.closeIdle() })
}
