package shed_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/shed"
)

func TestExplore(t *testing.T) {
	for _, cap := range []int{8, 32, 100, 500} {
		for name, dist := range map[string]func(time.Duration) func(*rand.Rand) time.Duration{"const": constant, "exp": exponential, "mixed": mixed, "logn": lognormal} {
			mean := 20 * time.Millisecond
			rate := float64(cap) / mean.Seconds()
			// 3x
			s := newSimulation(1, cap, dist(mean), shed.Options{})
			var cs []*client
			for range 20 {
				cs = append(cs, s.client(3*rate/20, time.Second))
			}
			s.run(31 * time.Second)
			good := 0
			for _, c := range cs {
				good += c.useful(time.Second)
			}
			l1 := s.limits
			q := func(noisy bool, from, until time.Duration) (time.Duration, int, int, []int) {
				s := newSimulation(2, cap, dist(mean), shed.Options{})
				quiet := s.client(rate*.05, from)
				for range 4 {
					s.client(rate*.1, 0)
				}
				s.run(5 * time.Second)
				if noisy {
					s.client(rate*2, 0)
				}
				s.run(until)
				return quiet.quantile(.99), quiet.sent, quiet.refused, s.limits
			}
			for _, from := range []time.Duration{5 * time.Second, 8 * time.Second} {
				a, _, _, _ := q(false, from, 65*time.Second)
				b, sent, refd, l2 := q(true, from, 65*time.Second)
				fmt.Printf("   noisy from %s p99 %s -> %s (%.3f) sent %d refused %d %v\n", from, a, b, float64(b)/float64(a), sent, refd, sample(l2))
			}
			fmt.Printf("C=%d %s goodput %.3f limits %v\n", cap, name, float64(good)/30/rate, sample(l1))
		}
	}
}

func sample(l []int) (out []int) {
	for i := 0; i < len(l) && i < 100; i += 5 {
		out = append(out, l[i])
	}
	for i := 100; i < len(l); i += 20 {
		out = append(out, l[i])
	}
	return
}
