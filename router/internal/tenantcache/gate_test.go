package tenantcache_test

import (
	"testing"

	"github.com/coditect/platform/router/internal/tenantcache"
)

// A reader within the gate keeps a writer out, but not, by way of the writer,
// other readers.
func TestAWriterThatWaitsLetsReadersIn(t *testing.T) {
	t.Parallel()
	var g tenantcache.Gate
	for slow := range uint64(16) {
		leave := g.Enter(slow)
		if g.TryClose() {
			t.Fatal("closed with a reader within")
		}
		for i := range uint64(64) {
			g.Enter(i)() // or the test hangs
		}
		leave()
	}
}

func TestAClosedGateKeepsReadersOut(t *testing.T) {
	t.Parallel()
	var g tenantcache.Gate
	leave := g.Enter(7)
	closed := make(chan func())
	go func() { closed <- g.Close() }()
	select {
	case <-closed:
		t.Fatal("closed with a reader within")
	default:
	}
	leave()
	open := <-closed
	entered := make(chan func())
	go func() { entered <- g.Enter(3) }()
	select {
	case <-entered:
		t.Fatal("a reader came in through a closed gate")
	default:
	}
	open()
	(<-entered)()
}
