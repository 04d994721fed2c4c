package testkit

import (
	"crypto/rand"
	"testing"

	"github.com/coditect/platform/shared/servers"
)

// NATS returns the URL of a NATS server of the test's own, with JetStream.
func NATS(t testing.TB) string {
	t.Helper()
	server := NATSServer(t)
	Run(t, server)
	return server.URL()
}

// NATSServer describes a NATS server that does not run yet, for tests that
// start and stop it themselves with Run.
func NATSServer(t testing.TB) servers.NATS {
	t.Helper()
	return servers.NATS{Dir: t.TempDir(), Port: FreePorts(t, 1)[0], User: "test", Password: rand.Text()}
}
