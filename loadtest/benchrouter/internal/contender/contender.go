package contender

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// Setup is what all contenders are given.
type Setup struct {
	Dir        string // working files; each contender makes its own beneath
	Snapshot   string // the directory, for the router
	HostMap    string // "host cell" lines
	NginxMap   string // the same for nginx
	IDMap      string // "tenant-id cell" lines
	CellPorts  []int
	Threads    int
	Processors string // taskset(1)'s list; empty: all
}

// Contender is one running program.
type Contender struct {
	Name    string
	Addr    netip.AddrPort
	Started time.Time // just before the program was executed
	process *servers.Process
}

// PID is the process that was started; nginx has children.
func (c *Contender) PID() int { return c.process.ID().PID }

// Stop ends the program.
func (c *Contender) Stop(ctx context.Context) error { return c.process.Stop(ctx) }

// program is what differs between contenders.
type program struct {
	name  string
	path  string
	args  []string
	env   []string
	port  int
	ready func(context.Context) error
}

// start executes a program on the setup's processors and returns at once.
func start(s *Setup, p program) (*Contender, error) {
	dir := filepath.Join(s.Dir, p.name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	spec := servers.Spec{
		Name: p.name, Path: p.path, Args: p.args, Dir: dir, Log: filepath.Join(dir, "log"),
		Env:         append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, p.env...),
		Ready:       p.ready,
		ReadyWithin: 2 * time.Minute, StopWithin: 15 * time.Second,
		OrphanSignal: syscall.SIGTERM, // SIGKILL would leave nginx' worker behind
	}
	if s.Processors != "" {
		spec.Path, spec.Args = "/usr/bin/taskset", append([]string{"--cpu-list", s.Processors, p.path}, p.args...)
	}
	started := time.Now()
	process, err := servers.Start(spec, servers.Attached)
	if err != nil {
		return nil, err
	}
	return &Contender{Name: p.name, Addr: address(p.port), Started: started, process: process}, nil
}

// AwaitReady waits until the program serves; it stops one that does not.
func (c *Contender) AwaitReady(ctx context.Context) error {
	err := c.process.AwaitReady(ctx)
	if err != nil {
		_ = c.process.Stop(context.WithoutCancel(ctx))
	}
	return err
}

// listens is ready when somebody listens on the port.
func listens(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp4", address(port).String())
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func address(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
}

// freePort returns a port for one listener.
func freePort() (int, error) {
	ports, err := servers.FreePorts(1)
	if err != nil {
		return 0, err
	}
	return ports[0], nil
}

// write puts a configuration file into the contender's directory.
func write(s *Setup, name, file, text string) (path string, err error) {
	path = filepath.Join(s.Dir, name, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("configuration of %s: %w", name, err)
	}
	return path, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
