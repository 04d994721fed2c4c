package servers_test

import "testing"

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
