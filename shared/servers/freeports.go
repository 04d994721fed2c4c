package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
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
	probe, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		_ = reservation.Close() // somebody listens there: not ours to keep
		return nil, false
	}
	if err := probe.Close(); err != nil {
		_ = reservation.Close()
		return nil, false
	}
	return reservation, true
}

// loopback is the address of a port on this machine.
func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
