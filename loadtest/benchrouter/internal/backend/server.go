// Package backend is the cell that all contenders forward to: it answers every
// request at once with [workload.AppendAnswer], on one port for each cell. It
// believes its callers: neither signature nor token is checked.
package backend

import (
	"context"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/socket"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// stopWithin is how soon the end of the context is noticed.
const stopWithin = 100 * time.Millisecond

// server is one thread with all listeners and connections, by descriptor.
type server struct {
	poller    *socket.Poller
	listeners map[int]int // to the cell's number
	conns     []*conn
	out       []byte
	err       error
}

// Serve serves cell i at ports[i] until ctx ends.
func Serve(ctx context.Context, ports []int) error {
	if err := socket.OwnThread(-1); err != nil {
		return err
	}
	poller, err := socket.NewPoller()
	if err != nil {
		return err
	}
	s := &server{poller: poller, listeners: map[int]int{}}
	for cell, port := range ports {
		fd, err := socket.Listen(port)
		if err != nil {
			return err
		}
		s.listeners[fd] = cell
		if err := poller.Add(fd); err != nil {
			return err
		}
	}
	for ctx.Err() == nil && s.err == nil {
		if err := poller.Wait(stopWithin, s.ready); err != nil {
			return err
		}
	}
	return s.err
}

func (s *server) ready(fd int) {
	if fd < len(s.conns) && s.conns[fd] != nil {
		s.serve(fd, s.conns[fd])
		return
	}
	if cell, ok := s.listeners[fd]; ok {
		s.accept(fd, cell)
	}
}

func (s *server) accept(listener, cell int) {
	for {
		fd, err := socket.Accept(listener)
		if err != nil || fd < 0 {
			s.err = err
			return
		}
		for fd >= len(s.conns) {
			s.conns = append(s.conns, nil)
		}
		s.conns[fd] = &conn{cell: cell, in: make([]byte, 0, maxRequest)}
		if s.err = s.poller.Add(fd); s.err != nil {
			return
		}
	}
}

// serve answers all requests that are complete.
func (s *server) serve(fd int, c *conn) {
	n, err := socket.Read(fd, c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	for err == nil && c.complete() {
		s.out = append(s.out[:0], header...)
		s.out = workload.AppendAnswer(s.out, c.cell, c.host, c.tenantID)
		err = socket.Write(fd, s.out)
		c.next()
	}
	if err != nil || len(c.in) == cap(c.in) {
		socket.Close(fd)
		s.conns[fd] = nil
	}
}
