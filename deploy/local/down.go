package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/coditect/platform/deploy/local/internal/graph"
)

// Down stops everything, in the reverse of the order in which it starts, and
// keeps the data. It asks each part politely, and kills one that takes too
// long. Parts that do not run are no error.
func (p *Platform) Down(ctx context.Context) error {
	if !p.exists() {
		p.progress.say("Nothing runs: there is no platform in %s.", p.opts.Dir)
		return nil
	}
	return p.change(func() error {
		if len(p.State().Parts) == 0 {
			p.progress.say("Nothing runs.")
			return nil
		}
		if err := p.stopAll(ctx); err != nil {
			return err
		}
		p.progress.say("Stopped. The data is kept in %s.", p.opts.Dir)
		return nil
	})
}

func (p *Platform) stopAll(ctx context.Context) error {
	parts, err := p.layout().parts(p.opts.BinDir)
	if err != nil {
		return err
	}
	var (
		mu       sync.Mutex
		failures error
	)
	tasks, err := p.stopTasks(parts, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failures = errors.Join(failures, err)
	})
	if err != nil {
		return err
	}
	return errors.Join(graph.Run(ctx, tasks), failures)
}

// stopTasks stop, each, a part that was started. Steps have nothing to stop,
// but hold their place in the order. A part that cannot be stopped does not
// keep the others up: the error goes to failed.
func (p *Platform) stopTasks(parts []part, failed func(error)) ([]graph.Task, error) {
	nothing := func(context.Context) error { return nil }
	tasks := make([]graph.Task, 0, len(parts))
	known := p.State()
	for _, pt := range parts {
		do := nothing
		if was, started := known.Parts[pt.name]; started {
			stop := p.watched(pt.name, was.Address, func(ctx context.Context) error { return p.stopPart(ctx, pt) })
			do = func(ctx context.Context) error { failed(stop(ctx)); return nil }
		}
		tasks = append(tasks, graph.Task{Name: pt.name, Needs: pt.needs, Do: do})
	}
	for _, s := range p.steps() {
		tasks = append(tasks, graph.Task{Name: s.name, Needs: s.needs, Do: nothing})
	}
	sorted, err := graph.Sorted(tasks)
	return graph.Reversed(sorted), err
}

// exists reports whether there is a platform at all.
func (p *Platform) exists() bool {
	_, err := os.Stat(p.state.path)
	return !errors.Is(err, fs.ErrNotExist)
}

// dead describes the parts that were started and run no more, with the end of
// their logs.
func (p *Platform) dead(parts []part) []string {
	var messages []string
	known := p.State()
	for _, pt := range parts {
		if was, started := known.Parts[pt.name]; started && !was.Alive() {
			messages = append(messages, describeDead(pt.name, was))
		}
	}
	return messages
}

func describeDead(name string, was PartState) string {
	return fmt.Sprintf("%s (process %d) is dead; the end of %s:\n%s", name, was.PID, was.Log, indentedTail(was.Log))
}
