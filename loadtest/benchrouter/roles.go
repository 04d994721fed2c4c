package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/backend"
	"github.com/coditect/platform/loadtest/benchrouter/internal/holder"
	"github.com/coditect/platform/shared/servers"
)

// backendRole is the argument that makes this program the back end.
const backendRole = "backend"

// help is what this program does when it was started as a helper.
func help(ctx context.Context, role string, args []string) error {
	if role == holder.Role {
		return holder.Serve(ctx, args[0], os.Stdin, os.Stdout)
	}
	ports, err := numbers(args)
	if err != nil {
		return err
	}
	return backend.Serve(ctx, ports)
}

// startBackend runs the back end as a process of its own beside the generator.
func (b *bench) startBackend(ctx context.Context) error {
	args := []string{backendRole}
	for _, port := range b.setup.CellPorts {
		args = append(args, strconv.Itoa(port))
	}
	p, err := b.helper(backendRole, args, b.setup.CellPorts[len(b.setup.CellPorts)-1])
	if err != nil {
		return err
	}
	b.backend = p.ID().PID
	return p.AwaitReady(ctx)
}

// helper starts this very program in another role, on our processor. It is ready when
// it listens on the port.
func (b *bench) helper(name string, args []string, port int) (*servers.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := servers.Start(servers.Spec{
		Name: name, Path: "/usr/bin/taskset", Args: append([]string{"--cpu-list", strconv.Itoa(ourProcessor), self}, args...),
		Dir: b.setup.Dir, Log: filepath.Join(b.setup.Dir, name+".log"), StopWithin: 2 * time.Second,
		Ready: func(ctx context.Context) error {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}, servers.Attached)
	if err == nil {
		b.stops = append(b.stops, p.Stop)
	}
	return p, err
}
