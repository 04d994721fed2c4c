package proxy

import (
	"context"
	"fmt"
	"net"
)

// Serve serves a listener until Shutdown.
func (p *Proxy) Serve(listener net.Listener) error {
	if err := p.server.Serve(listener); err != nil {
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return nil
}

// Drain makes the proxy unready and closes connections as they finish the
// request they are at; it still serves.
func (p *Proxy) Drain() { p.draining.Store(true) }

// Shutdown stops accepting and waits until requests in flight are answered, or
// ctx ends.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.Drain()
	err := p.server.ShutdownWithContext(ctx)
	p.cells.closeIdle()
	return err
}
