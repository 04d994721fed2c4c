package shed_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/shed"
)

func TestTrace(t *testing.T) {
	s := newSimulation(1, 100, constant(20*time.Millisecond), shed.Options{})
	shed.Trace = true
	for range 20 {
		s.client(3*5000/20, time.Second)
	}
	s.run(14 * time.Second)
}
