package hold_test

import (
	"testing"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/shared/tenancy"
)

func TestNothingIsAllocatedWithoutWaiters(t *testing.T) {
	h, id := hold.New(hold.Options{}), tenancy.NewID()
	if n := testing.AllocsPerRun(1000, func() {
		h.Notify(id, hold.Position{Version: 1})
		h.Holding(id)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNotifyNobody(b *testing.B) {
	h, id := hold.New(hold.Options{}), tenancy.NewID()
	for b.Loop() {
		h.Notify(id, hold.Position{Version: 1})
	}
}

func BenchmarkHolding(b *testing.B) {
	h, id := hold.New(hold.Options{}), tenancy.NewID()
	for b.Loop() {
		h.Holding(id)
	}
}
