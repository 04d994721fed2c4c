// Package graph does things that need one another, in order and as many at a
// time as the order allows.
package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Task is something to do, and the names of the tasks that must be done before.
type Task struct {
	Name  string
	Needs []string
	Do    func(context.Context) error
}

// Sorted sorts tasks so that each comes after what it needs, and otherwise
// keeps their order. A need that is no task, or a circle, is an error.
func Sorted(tasks []Task) ([]Task, error) {
	sorted := make([]Task, 0, len(tasks))
	placed := make(map[string]bool, len(tasks))
	for len(sorted) < len(tasks) {
		before := len(sorted)
		for _, t := range tasks {
			if !placed[t.Name] && !slices.ContainsFunc(t.Needs, func(need string) bool { return !placed[need] }) {
				placed[t.Name] = true
				sorted = append(sorted, t)
			}
		}
		if len(sorted) == before {
			return nil, fmt.Errorf("%d of %d tasks need what is missing or needs them", len(tasks)-before, len(tasks))
		}
	}
	return sorted, nil
}

// Reversed makes each task need those that needed it.
func Reversed(tasks []Task) []Task {
	users := make(map[string][]string, len(tasks))
	for _, t := range tasks {
		for _, need := range t.Needs {
			users[need] = append(users[need], t.Name)
		}
	}
	turned := slices.Clone(tasks)
	slices.Reverse(turned)
	for i := range turned {
		turned[i].Needs = users[turned[i].Name]
	}
	return turned
}

// Run does the tasks, each as soon as what it needs is done, and as many at
// a time as that allows. After one has failed no other is begun; those that
// were begun are waited for.
func Run(ctx context.Context, tasks []Task) error {
	tasks, err := Sorted(tasks)
	if err != nil {
		return err
	}
	var (
		failed  atomic.Bool
		working sync.WaitGroup
		results = make([]error, len(tasks))
		done    = make(map[string]chan struct{}, len(tasks))
	)
	for _, t := range tasks {
		done[t.Name] = make(chan struct{})
	}
	for i, t := range tasks {
		working.Go(func() {
			defer close(done[t.Name])
			for _, need := range t.Needs {
				<-done[need]
			}
			if failed.Load() || ctx.Err() != nil {
				return
			}
			if results[i] = t.Do(ctx); results[i] != nil {
				failed.Store(true)
			}
		})
	}
	working.Wait()
	return errors.Join(append(results, ctx.Err())...)
}
