package servers_test

import (
	"context"
	"testing"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// prepared is a server that can be started.
type prepared interface {
	Prepare(ctx context.Context) error
	Spec() servers.Spec
}

// start runs a server until the test ends.
func start(t *testing.T, server prepared) *servers.Process {
	t.Helper()
	if err := server.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return run(t, server.Spec())
}

func run(t *testing.T, spec servers.Spec) *servers.Process {
	t.Helper()
	process, err := servers.Run(t.Context(), spec, servers.Attached)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := process.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return process
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports, err := servers.FreePorts(n)
	if err != nil {
		t.Fatal(err)
	}
	return ports
}
