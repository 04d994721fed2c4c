package testkit

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// Main is for a package's TestMain: it runs the tests and fails the package if
// they left goroutines behind. Before that look it calls ends, for what the
// tests of a package share. It does not return.
func Main(m *testing.M, ends ...func()) {
	// Servers stay until the program ends, and so do their keepers.
	const keepers = "github.com/coditect/platform/shared/servers."
	goleak.VerifyTestMain(idle{m, ends},
		goleak.IgnoreAnyFunction(keepers+"forkAttached"),
		goleak.IgnoreAnyFunction(keepers+"(*Process).reap"),
	)
}

// idle are tests after which no connection waits for another request: those of
// the default client are nobody's to close.
type idle struct {
	tests *testing.M
	ends  []func()
}

func (i idle) Run() int {
	code := i.tests.Run()
	for _, end := range i.ends {
		end()
	}
	http.DefaultClient.CloseIdleConnections()
	return code
}
