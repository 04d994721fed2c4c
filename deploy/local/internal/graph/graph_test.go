package graph_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/deploy/local/internal/graph"
)

// diary is the order in which tasks were done.
type diary struct {
	mu   sync.Mutex
	done []string
}

func (d *diary) task(name string, needs ...string) graph.Task {
	return graph.Task{Name: name, Needs: needs, Do: func(context.Context) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.done = append(d.done, name)
		return nil
	}}
}

func TestTasksWaitForWhatTheyNeed(t *testing.T) {
	t.Parallel()
	for _, backwards := range []bool{false, true} {
		var d diary
		tasks, err := graph.Sorted([]graph.Task{
			d.task("router", "api"), d.task("api", "schema", "cache"), d.task("cache"), d.task("schema", "database"), d.task("database"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if backwards {
			tasks = graph.Reversed(tasks)
		}
		if err := graph.Run(t.Context(), tasks); err != nil {
			t.Fatal(err)
		}
		if len(d.done) != len(tasks) {
			t.Errorf("done: %v", d.done)
		}
		for _, pair := range [][2]string{{"api", "router"}, {"schema", "api"}, {"cache", "api"}, {"database", "schema"}} {
			before := slices.Index(d.done, pair[0]) < slices.Index(d.done, pair[1])
			if before == backwards {
				t.Errorf("backwards %v: %s and %s are in the wrong order: %v", backwards, pair[0], pair[1], d.done)
			}
		}
	}
}

func TestNothingIsBegunAfterAFailure(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	err := graph.Run(t.Context(), []graph.Task{
		{Name: "first", Do: func(context.Context) error { return boom }},
		{Name: "second", Needs: []string{"first"}, Do: func(context.Context) error { t.Error("begun"); return nil }},
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsBegunAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	err := graph.Run(ctx, []graph.Task{
		{Name: "first", Do: func(context.Context) error { cancel(); return nil }},
		{Name: "second", Needs: []string{"first"}, Do: func(context.Context) error { t.Error("begun"); return nil }},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCirclesAndUnknownNeedsAreErrors(t *testing.T) {
	t.Parallel()
	for _, tasks := range [][]graph.Task{
		{{Name: "a", Needs: []string{"b"}}, {Name: "b", Needs: []string{"a"}}},
		{{Name: "a", Needs: []string{"nobody"}}},
	} {
		if _, err := graph.Sorted(tasks); err == nil || !strings.Contains(err.Error(), "need") {
			t.Errorf("%v: %v", tasks, err)
		}
	}
}
