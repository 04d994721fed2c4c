package shed_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/shed"
)

// besideNoise runs tenants that use 45 % of the peak, each less than its share,
// and from second 5 on, if noisy, one that sends twice the peak: ten times its
// share and more. It returns what the former saw, as one, from second 8 on.
func besideNoise(t *testing.T, capacity int, service string, noisy bool) (*client, *simulation) {
	t.Helper()
	s := newSimulation(t, 12, capacity, services[service](work), shed.Options{})
	quiet := append(s.crowd(1, 0.05, 8*time.Second), s.crowd(4, 0.4, 8*time.Second)...)
	s.run(5 * time.Second)
	if noisy {
		s.client(2*peak(capacity), 0)
	}
	s.run(48 * time.Second)
	all := &client{}
	for _, c := range quiet {
		all.sent, all.refused = all.sent+c.sent, all.refused+c.refused
		all.latencies = append(all.latencies, c.latencies...)
	}
	return all, s
}

func TestNoisyTenantDoesNotSlowOthers(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"exponential", "mixed", "lognormal"} {
		for _, capacity := range []int{32, 100} {
			t.Run(fmt.Sprint(service, capacity), func(t *testing.T) {
				t.Parallel()
				alone, _ := besideNoise(t, capacity, service, false)
				beside, s := besideNoise(t, capacity, service, true)
				a, b := alone.quantile(.99), beside.quantile(.99)
				t.Logf("p99 %s alone, %s beside the noisy tenant (%+.1f %%); %d of %d refused",
					a, b, 100*(b.Seconds()/a.Seconds()-1), beside.refused, beside.sent)
				if b > a+a/10 {
					t.Errorf("limits %v", s.limits)
				}
				if beside.refused*100 > beside.sent {
					t.Errorf("%d of the quiet tenants' %d requests were refused", beside.refused, beside.sent)
				}
			})
		}
	}
}

// Under three times the load every tenant gets its share, those that send less
// than it get all they send, and those that send more share what is left.
func TestSharesUnderOverload(t *testing.T) {
	t.Parallel()
	s := newSimulation(t, 6, 100, exponential(work), shed.Options{})
	for _, load := range []float64{0.02, 0.05, 0.05, 0.08, 0.3, 0.5, 1, 1} { // of the peak; a share is 0.125
		s.client(load*peak(100), 5*time.Second)
	}
	s.run(25 * time.Second)
	for i, c := range s.clients {
		got := float64(c.served) / 20 / peak(100)
		t.Logf("tenant %d sends %.2f of the peak, gets %.3f", i, c.rate/peak(100), got)
		if want := 0.9 * min(c.rate/peak(100), 1./8); got < want {
			t.Errorf("tenant %d gets %.3f of the peak, want %.3f", i, got, want)
		}
	}
}

// More active tenants than places: nobody starves.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	s := newSimulation(t, 7, 10, exponential(work), shed.Options{})
	cs := s.crowd(200, 3, 5*time.Second)
	s.run(35 * time.Second)
	for i, c := range cs {
		if c.served < c.sent/12 {
			t.Errorf("tenant %d: %d of %d served", i, c.served, c.sent)
		}
	}
}

// Health checks pass while everything else is refused, large bodies give way first.
func TestPriorities(t *testing.T) {
	t.Parallel()
	s := newSimulation(t, 8, 50, exponential(work), shed.Options{})
	normal, bulk, critical := s.client(1.2*peak(50), 3*time.Second), s.client(0.5*peak(50), 3*time.Second), s.client(20, 3*time.Second)
	bulk.priority, critical.priority = shed.Bulk, shed.Critical
	s.run(23 * time.Second)
	if critical.refused > 0 {
		t.Errorf("%d critical requests refused", critical.refused)
	}
	if n, b := float64(normal.served)/float64(normal.sent), float64(bulk.served)/float64(bulk.sent); b > n+0.2 {
		t.Errorf("served: %.2f of normal requests, %.2f of bulk", n, b)
	}
	if p99 := critical.quantile(.99); p99 > 7*work {
		t.Errorf("critical p99 %s", p99)
	}
}
