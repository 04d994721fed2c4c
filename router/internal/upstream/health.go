package upstream

import (
	"bufio"
	"context"
	"net/http"
	"time"
)

// failed counts a failure, and ejects the address after too many in a row.
func (a *address) failed() {
	if a.failures.Add(1) >= ejectAfter {
		a.eject("requests")
	}
}

func (a *address) succeeded() {
	if a.failures.Load() != 0 {
		a.failures.Store(0)
	}
}

func (a *address) eject(why string) {
	if a.ejected.Swap(true) {
		return
	}
	m := a.cell.owner.metrics
	m.ejections.WithLabelValues(a.cell.ID).Inc()
	a.cell.owner.opts.Log.Warn("cell address ejected", "cell", a.cell.ID, "address", a.addr, "failing", why)
	a.closeIdle()
}

func (a *address) readmit() {
	if !a.ejected.Swap(false) {
		return
	}
	a.failures.Store(0)
	a.cell.owner.opts.Log.Info("cell address is back", "cell", a.cell.ID, "address", a.addr)
}

// probe asks the address for anything at all over HTTP. Any answer will do:
// what the cell thinks of the request is not the question.
func (a *address) probe(ctx context.Context) {
	if a.answers(ctx) {
		a.badProbe.Store(0)
		a.readmit()
		return
	}
	if ctx.Err() == nil && a.badProbe.Add(1) >= probesToEject {
		a.eject("probes")
	}
}

func (a *address) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	nc, err := a.connect(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = nc.Close() }()
	deadline, _ := ctx.Deadline()
	if err := nc.SetDeadline(deadline.Add(time.Millisecond)); err != nil {
		return false
	}
	if _, err := nc.Write([]byte("HEAD / HTTP/1.1\r\nHost: " + a.cell.host + "\r\nConnection: close\r\n\r\n")); err != nil {
		return false
	}
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil
}
