package testkit

import (
	"testing"

	"go.uber.org/goleak"
)

// Main is for a package's TestMain: it runs the tests and fails the package if
// they left goroutines behind. It does not return.
func Main(m *testing.M) {
	// Servers stay until the program ends, and so do their keepers.
	const keepers = "github.com/coditect/platform/shared/servers."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(keepers+"forkAttached"),
		goleak.IgnoreAnyFunction(keepers+"(*Process).reap"),
	)
}
