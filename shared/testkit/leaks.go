package testkit

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// Main is for a package's TestMain: it runs the tests and fails the package if
// they left goroutines behind. It does not return.
func Main(m *testing.M) {
	// Servers stay until the program ends, and so do their keepers.
	const keepers = "github.com/coditect/platform/shared/servers."
	goleak.VerifyTestMain(idle{m},
		goleak.IgnoreAnyFunction(keepers+"forkAttached"),
		goleak.IgnoreAnyFunction(keepers+"(*Process).reap"),
	)
}

// idle are tests after which no connection waits for another request: those of
// the default client are nobody's to close.
type idle struct{ tests *testing.M }

func (i idle) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return i.tests.Run()
}
