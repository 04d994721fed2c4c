package resources_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/procs"
	"github.com/coditect/platform/loadtest/internal/resources"
)

func TestSaturated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		reading resources.Reading
		want    string
	}{
		{"processors", resources.Reading{Busy: 0.95, Parts: []resources.Used{{Name: "cell-a-api", Cores: 1.1}, {Name: "redis-cell-a", Cores: 0.2}}}, "of which cell-a-api takes the most"},
		{"one thread", resources.Reading{Busy: 0.95, Parts: []resources.Used{{Name: "cell-a-api", Cores: 1}, {Name: "redis-cell-a", Cores: 0.97}}}, "redis-cell-a, which works on one processor"},
		{"a lock", resources.Reading{Took: 10 * time.Second, Busy: 0.4, Waits: map[string]int{"Lock: tuple": 90, "Client: ClientRead": 900}}, "waited for Lock: tuple (2.2 at a time)"},
		{"nothing", resources.Reading{Took: 10 * time.Second, Busy: 0.4, Waits: map[string]int{"Lock: tuple": 2}}, "none of the resources"},
	} {
		if got := c.reading.Saturated(); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// This process's own usage grows while it works.
func TestUsage(t *testing.T) {
	t.Parallel()
	children, err := procs.Children()
	if err != nil {
		t.Fatal(err)
	}
	before := procs.UsageOf(os.Getpid(), children)
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		if procs.UsageOf(os.Getpid(), children).Sub(before).CPU > 20*time.Millisecond {
			return
		}
	}
	t.Error("ten seconds of work cost nothing")
}
