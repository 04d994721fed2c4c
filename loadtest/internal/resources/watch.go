package resources

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/loadtest/internal/procs"
)

// Part is one part of the platform: its name and its first process.
type Part struct {
	Name string
	PID  int
}

// Used is what a part used.
type Used struct {
	Name  string  `json:"name"`
	Cores float64 `json:"cores"` // processors kept busy
	Wait  float64 `json:"wait"`  // threads that were ready to run and did not, on average
}

// Reading is what was used in some time.
type Reading struct {
	Took     time.Duration  `json:"took"`
	Busy     float64        `json:"busy"`      // share of all processors, 0 to 1
	Parts    []Used         `json:"parts"`     // the busiest first
	Waits    map[string]int `json:"waits"`     // what sessions of the cell's Postgres waited for, by how often it was seen
	QueueAge float64        `json:"queue_age"` // the longest that a job that is due waited, in seconds
}

// Watcher watches from Start to Stop.
type Watcher struct {
	Parts    []Part
	Database *pgxpool.Pool // of the cell, as superuser

	begun  time.Time
	before map[string]procs.Usage
	busy   [2]float64
	end    context.CancelFunc
	over   sync.WaitGroup
	waits  map[string]int
	age    float64
	err    error
}

const lookEvery = 250 * time.Millisecond

// Start begins to watch.
func (w *Watcher) Start(ctx context.Context) error {
	var err error
	if w.before, err = w.usage(); err != nil {
		return err
	}
	w.begun, w.waits, w.age, w.err = time.Now(), map[string]int{}, 0, nil
	w.busy[0], w.busy[1] = procs.Busy()
	ctx, w.end = context.WithCancel(ctx)
	w.over.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := w.look(ctx); err != nil && ctx.Err() == nil {
				w.err = fmt.Errorf("resources: %w", err)
			}
		}
	})
	return nil
}

// Stop ends it and says what was used.
func (w *Watcher) Stop() (*Reading, error) {
	w.end()
	w.over.Wait()
	after, err := w.usage()
	if err != nil {
		return nil, err
	}
	busy, all := procs.Busy()
	took := time.Since(w.begun)
	r := &Reading{Took: took, Busy: (busy - w.busy[0]) / max(1, all-w.busy[1]), Waits: w.waits, QueueAge: w.age}
	for name, u := range after {
		d := u.Sub(w.before[name])
		r.Parts = append(r.Parts, Used{Name: name, Cores: d.CPU.Seconds() / took.Seconds(), Wait: d.Wait.Seconds() / took.Seconds()})
	}
	slices.SortFunc(r.Parts, func(a, b Used) int {
		if a.Cores != b.Cores {
			return int((b.Cores - a.Cores) * 1e6)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return r, w.err
}

func (w *Watcher) usage() (map[string]procs.Usage, error) {
	children, err := procs.Children()
	if err != nil {
		return nil, fmt.Errorf("resources: %w", err)
	}
	all := map[string]procs.Usage{}
	for _, p := range w.Parts {
		all[p.Name] = procs.UsageOf(p.PID, children)
	}
	return all, nil
}

// look asks the database what its sessions wait for, and how old the queue is.
func (w *Watcher) look(ctx context.Context) error {
	rows, err := w.Database.Query(ctx, `
SELECT wait_event_type || ': ' || wait_event, count(*)::int FROM pg_stat_activity
WHERE state = 'active' AND backend_type = 'client backend' AND wait_event IS NOT NULL AND pid <> pg_backend_pid() GROUP BY 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var event string
		var n int
		if err := rows.Scan(&event, &n); err != nil {
			return err
		}
		w.waits[event] += n
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var age float64
	if err := w.Database.QueryRow(ctx, `SELECT coalesce(extract(epoch FROM now() - min(run_at)), 0)::float8 FROM jobs WHERE state = 'pending' AND run_at <= now()`).Scan(&age); err != nil {
		return err
	}
	w.age = max(w.age, age)
	return nil
}

// Shares above which a resource counts as used up.
const (
	allBusy   = 0.9 // of all processors
	oneThread = 0.9 // processors, of a part that works on one
)

// oneThreaded are parts that cannot use a second processor.
var oneThreaded = []string{"redis", "pgbouncer"}

// Saturated names the resource that ran out first.
func (r *Reading) Saturated() string {
	for _, p := range r.Parts {
		single := slices.ContainsFunc(oneThreaded, func(name string) bool { return strings.HasPrefix(p.Name, name) })
		if single && p.Cores >= oneThread {
			return fmt.Sprintf("%s, which works on one processor and kept %.2f busy", p.Name, p.Cores)
		}
	}
	if r.Busy >= allBusy && len(r.Parts) > 0 {
		return fmt.Sprintf("the processors (%.0f %% of %d busy), of which %s takes the most (%.2f)", 100*r.Busy, runtime.NumCPU(), r.Parts[0].Name, r.Parts[0].Cores)
	}
	// An active session that waits for its client has finished its work.
	names := slices.DeleteFunc(slices.Collect(maps.Keys(r.Waits)), func(name string) bool { return strings.HasPrefix(name, "Client:") })
	slices.SortFunc(names, func(a, b string) int { return r.Waits[b] - r.Waits[a] })
	looks := r.Took.Seconds() / lookEvery.Seconds()
	if len(names) > 0 && float64(r.Waits[names[0]]) >= looks {
		return fmt.Sprintf("Postgres, whose sessions waited for %s (%.1f at a time)", names[0], float64(r.Waits[names[0]])/looks)
	}
	return "none of the resources that were looked at: it is latency that adds up"
}

// CPU is the processor time of all parts.
func (r *Reading) CPU() (sum time.Duration) {
	for _, p := range r.Parts {
		sum += time.Duration(p.Cores * float64(r.Took))
	}
	return sum
}
