package run

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what is alive before it is
// collected. Services here keep little alive and allocate much: at Go's default
// of 100 they would collect dozens of times a second, and every collection
// takes processor time from requests.
const gcPercent = 400

// TuneGC sets the garbage collector for a service, unless GOGC already has.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
