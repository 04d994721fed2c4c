package servers_test

import (
	"net"
	"testing"

	"github.com/coditect/platform/shared/servers"
)

func TestFreePortsAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for range 20 {
		for _, port := range freePorts(t, 5) {
			if seen[port] {
				t.Fatalf("port %d was given twice", port)
			}
			seen[port] = true
		}
	}
}

func TestPortFreeSeesListeners(t *testing.T) {
	t.Parallel()
	// Any address counts, also one that only includes this machine's.
	for _, ip := range []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4zero, net.IPv6zero} {
		port := freePorts(t, 1)[0]
		if !servers.PortFree(port) {
			t.Errorf("port %d is said to be taken", port)
		}
		listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: port})
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		if servers.PortFree(port) {
			t.Errorf("port %d is said to be free while somebody listens on %s", port, ip)
		}
	}
}
