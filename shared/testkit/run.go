package testkit

import (
	"context"
	"testing"

	"github.com/coditect/platform/shared/servers"
)

// Server is what this package starts: a value of shared/servers.
type Server interface {
	Prepare(ctx context.Context) error
	Spec() servers.Spec
}

// Run runs a server of the test's own until the test ends, for tests that stop
// or configure it. It may be run again after the returned process was stopped.
func Run(t testing.TB, server Server) *servers.Process {
	t.Helper()
	process, err := start(Context(t), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := process.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return process
}

// FreePorts returns n loopback ports that nobody uses, or will be given, while
// the test program runs.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	ports, err := servers.FreePorts(n)
	if err != nil {
		t.Fatal(err)
	}
	return ports
}

func start(ctx context.Context, server Server) (*servers.Process, error) {
	if err := server.Prepare(ctx); err != nil {
		return nil, advise(err)
	}
	process, err := servers.Run(ctx, server.Spec(), servers.Attached)
	if err != nil {
		return nil, advise(err)
	}
	return process, nil
}
