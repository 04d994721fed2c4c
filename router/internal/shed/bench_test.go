package shed_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/shed"
)

func TestUncontendedPathAllocatesNothing(t *testing.T) {
	c, id, now := shed.New(shed.Options{}), newTenant(), time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		ticket, _ := c.Acquire(id, shed.Normal, now)
		ticket.Done(shed.OK, now.Add(time.Millisecond))
		ticket, _ = c.AcquireWait(t.Context(), id, shed.Normal, now)
		ticket.Done(shed.OK, now.Add(time.Millisecond))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAcquireDone(b *testing.B) {
	c, id, now := shed.New(shed.Options{}), newTenant(), time.Now()
	for b.Loop() {
		ticket, _ := c.Acquire(id, shed.Normal, now)
		ticket.Done(shed.OK, now.Add(time.Millisecond))
	}
}

func BenchmarkAcquireDoneParallel(b *testing.B) {
	c, now := shed.New(shed.Options{}), time.Now()
	b.RunParallel(func(pb *testing.PB) {
		id := newTenant()
		for pb.Next() {
			ticket, _ := c.Acquire(id, shed.Normal, now)
			ticket.Done(shed.OK, now.Add(time.Millisecond))
		}
	})
}

// The way of a tenant that is refused.
func BenchmarkRefused(b *testing.B) {
	c, id, now := shed.New(shed.Options{}), newTenant(), time.Now()
	fill(b, c, id)
	for b.Loop() {
		now = now.Add(time.Microsecond)
		if _, ok := c.Acquire(id, shed.Normal, now); ok {
			b.Fatal("admitted")
		}
	}
}
