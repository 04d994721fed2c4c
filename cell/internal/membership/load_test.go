package membership_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/cell/internal/membership"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	var m membership.Meter
	start := time.Now()
	m.Add()
	if r := m.Rate(start); r != 0 {
		t.Errorf("first: %v", r)
	}
	for range 50 {
		m.Add()
	}
	if r := m.Rate(start.Add(5 * time.Second)); r != 10 {
		t.Errorf("rate %v, want 10", r)
	}
	if r := m.Rate(start.Add(5 * time.Second)); r != 0 {
		t.Errorf("no time passed: %v", r)
	}
}

func TestProcessors(t *testing.T) {
	t.Parallel()
	var p membership.Processors
	for range 3 {
		if b := p.Busy(); b < 0 || b > 1 {
			t.Errorf("busy %v", b)
		}
	}
}
