package listen

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Sockets that share an address by SO_REUSEPORT form a group, in which the
// kernel chooses one for each new connection by a hash. One that closes takes
// the handshakes that were under way on it along: their clients are reset. So
// before it closes, it has the kernel choose its successor only
// (SO_ATTACH_REUSEPORT_CBPF, socket(7)), and goes on accepting what had begun.
//
// The kernel's program names a socket by its place in the group. With two
// members the older one has place 0: they are appended as they come, and the
// last one moves to the place of one that closes. In a larger group nobody knows
// the places, and the socket closes as it always did.

// listening is the state of a listening socket in /proc/net/tcp.
const listening = 0x0A

// group lists the inodes of the sockets that listen on exactly this address.
func group(addr *net.TCPAddr) (map[uint64]bool, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return nil, err
	}
	v4, err := fs.NetTCP() //nolint:staticcheck // the library would rather have netlink spoken; one list does not need it
	if err != nil {
		return nil, err
	}
	all := v4
	if v6, err := fs.NetTCP6(); err == nil { //nolint:staticcheck // likewise; absent where IPv6 is
		all = slices.Concat(v4, v6)
	}
	members := map[uint64]bool{}
	for _, line := range all {
		if line.St == listening && line.LocalPort == uint64(addr.Port) && line.LocalAddr.Equal(addr.IP) {
			members[line.Inode] = true
		}
	}
	return members, nil
}

// join remembers who was in the group before ln, and takes away a choice that
// an earlier member made: from now on both have clients.
func join(ln *net.TCPListener) (before map[uint64]bool, err error) {
	own, err := inode(ln)
	if err != nil {
		return nil, err
	}
	before, err = group(ln.Addr().(*net.TCPAddr))
	if err != nil {
		return nil, err
	}
	delete(before, own)
	err = control(ln, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_REUSEPORT_BPF, 0) })
	if errors.Is(err, unix.ENOENT) { // there was none
		err = nil
	}
	return before, err
}

// handOver has the kernel give new connections to the other member of a group of
// two. It reports whether there is one.
func handOver(ln *net.TCPListener, before map[uint64]bool) (bool, error) {
	own, err := inode(ln)
	if err != nil {
		return false, err
	}
	others, err := group(ln.Addr().(*net.TCPAddr))
	if err != nil {
		return false, err
	}
	delete(others, own)
	if len(others) != 1 {
		return false, nil
	}
	var place uint32 = 1
	for other := range maps.Keys(others) {
		if before[other] { // the other is the older one
			place = 0
		}
	}
	program, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: place}})
	if err != nil {
		return false, err
	}
	filter := unix.SockFilter{Code: program[0].Op, Jt: program[0].Jt, Jf: program[0].Jf, K: program[0].K}
	err = control(ln, func(fd int) error {
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &unix.SockFprog{Len: 1, Filter: &filter})
	})
	if err != nil {
		return false, fmt.Errorf("hand over to the successor: %w", err)
	}
	return true, nil
}

func inode(ln *net.TCPListener) (n uint64, err error) {
	err = control(ln, func(fd int) error {
		var stat unix.Stat_t
		err := unix.Fstat(fd, &stat)
		n = stat.Ino
		return err
	})
	return n, err
}

func control(ln *net.TCPListener, use func(fd int) error) error {
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = use(int(fd)) })
	return errors.Join(err, failed)
}

// acceptTheRest accepts for a while what began before a successor took over.
func (l *Listener) acceptTheRest() {
	successor, err := handOver(l.tcp, l.before)
	if err != nil {
		l.opts.Log.Warn("closing at once: handshakes that are under way may be reset", "err", err)
	}
	if !successor {
		return
	}
	for until := time.Now().Add(l.opts.HandOver); time.Now().Before(until); {
		_ = l.tcp.SetDeadline(until) // in the loop: Close sets another one, to wake its goroutine
		conn, err := l.tcp.Accept()
		switch {
		case err == nil:
			l.admit(conn)
		case errors.Is(err, net.ErrClosed):
			return
		case !isTimeout(err):
			l.pause()
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
