package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Free ports are taken below the range from which Linux gives ports to
// outgoing connections, so that none of those takes one away again.
const (
	firstFreePort = 20000
	lastFreePort  = 32000
	portAttempts  = 2000
)

// reservations keeps this program's ports its own. Each is an abstract Unix
// socket named after the port: no two programs can hold the same one, and the
// kernel releases it with the program.
var reservations struct {
	sync.Mutex
	held []net.Listener
}

// FreePorts returns n loopback ports that nobody listens on. They stay
// reserved against other calls, in this and in other programs, as long as this
// program lives.
func FreePorts(n int) ([]int, error) {
	reservations.Lock()
	defer reservations.Unlock()
	ports := make([]int, 0, n)
	for range portAttempts {
		if len(ports) == n {
			return ports, nil
		}
		port := firstFreePort + rand.IntN(lastFreePort-firstFreePort)
		if reservation, ok := reserve(port); ok {
			reservations.held = append(reservations.held, reservation)
			ports = append(ports, port)
		}
	}
	return nil, fmt.Errorf("no %d free ports between %d and %d", n, firstFreePort, lastFreePort)
}

func reserve(port int) (net.Listener, bool) {
	reservation, err := net.ListenUnix("unix", &net.UnixAddr{Name: "@coditect-platform-port-" + strconv.Itoa(port), Net: "unix"})
	if err != nil {
		return nil, false
	}
	if !PortFree(port) {
		_ = reservation.Close() // somebody listens there: not ours to keep
		return nil, false
	}
	return reservation, true
}

// PortFree reports whether nobody listens on a loopback port. It binds and does
// not listen: a process that is being started at the moment holds a copy of
// the socket until it is its own program, and a listening copy would itself
// take the port.
func PortFree(port int) bool {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(socket) //nolint:errcheck // nothing was written
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return false
	}
	return unix.Bind(socket, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}) == nil
}

// loopback is the address of a port on this machine.
func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
