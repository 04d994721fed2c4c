package record

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Shape is what a run records apart. Processes that share a run have the same.
type Shape struct {
	Phases   []string      `json:"phases"`
	WarmUp   []bool        `json:"warmup"` // by phase: in no total
	Steps    []string      `json:"steps"`
	Storm    int           `json:"storm"`    // the step that is in no total; -1: none
	Interval time.Duration `json:"interval"` // of Windows
	Watched  int           `json:"watched"`  // so many tenants, by rank, are recorded apart
}

// Counts reports whether what is recorded there is in the totals.
func (s *Shape) Counts(phase, step int) bool { return !s.WarmUp[phase] && step != s.Storm }

// Series is one phase's requests of one step.
type Series struct {
	Phase    int        `json:"phase"`
	Step     int        `json:"step"`
	Errors   int64      `json:"errors"`
	Response *Histogram `json:"response"`
	Service  *Histogram `json:"service"`
}

// Window is what belongs to one interval. Requests count in that in which they
// should have begun, and as done in that in which they were answered.
type Window struct {
	Done     int64      `json:"done"`   // answered as expected
	Errors   int64      `json:"errors"` // by the time at which they should have begun
	Response *Histogram `json:"response,omitempty"`
}

// Tenant is one that is recorded apart.
type Tenant struct {
	Rank     int        `json:"rank"`
	Errors   int64      `json:"errors"`
	Response *Histogram `json:"response"`
}

// Recording is everything that one or several processes recorded.
type Recording struct {
	Shape   Shape                       `json:"shape"`
	Series  []Series                    `json:"series"`
	Windows []Window                    `json:"windows"`
	Codes   map[string]map[string]int64 `json:"codes"` // by step and code, warm-up included
	Tenants []Tenant                    `json:"tenants"`
	Lag     *Histogram                  `json:"lag"`
}

// NewRecording is an empty one.
func NewRecording(shape Shape) *Recording {
	return &Recording{Shape: shape, Codes: map[string]map[string]int64{}, Lag: NewHistogram()}
}

// Add adds what another process recorded of the same run.
func (r *Recording) Add(other *Recording) error {
	if !slices.Equal(r.Shape.Phases, other.Shape.Phases) || !slices.Equal(r.Shape.Steps, other.Shape.Steps) || r.Shape.Interval != other.Shape.Interval {
		return fmt.Errorf("recordings of different runs: %v and %v", r.Shape, other.Shape)
	}
	for _, s := range other.Series {
		mine := r.series(s.Phase, s.Step)
		mine.Errors += s.Errors
		mine.Response.Add(s.Response)
		mine.Service.Add(s.Service)
	}
	for i := range other.Windows {
		mine := r.window(i)
		mine.Done += other.Windows[i].Done
		mine.Errors += other.Windows[i].Errors
		if from := other.Windows[i].Response; from != nil {
			mine.response().Add(from)
		}
	}
	for step, codes := range other.Codes {
		for code, n := range codes {
			r.count(step, code, n)
		}
	}
	for _, t := range other.Tenants {
		mine := r.tenant(t.Rank)
		mine.Errors += t.Errors
		mine.Response.Add(t.Response)
	}
	r.Lag.Add(other.Lag)
	return nil
}

// series finds or makes one; there are few.
func (r *Recording) series(phase, step int) *Series {
	for i := range r.Series {
		if r.Series[i].Phase == phase && r.Series[i].Step == step {
			return &r.Series[i]
		}
	}
	r.Series = append(r.Series, Series{Phase: phase, Step: step, Response: NewHistogram(), Service: NewHistogram()})
	return &r.Series[len(r.Series)-1]
}

func (r *Recording) window(i int) *Window {
	for len(r.Windows) <= i {
		r.Windows = append(r.Windows, Window{})
	}
	return &r.Windows[i]
}

func (w *Window) response() *Histogram {
	if w.Response == nil {
		w.Response = newHistogram(coarseDigits)
	}
	return w.Response
}

func (r *Recording) tenant(rank int) *Tenant {
	i, found := slices.BinarySearchFunc(r.Tenants, rank, func(t Tenant, rank int) int { return t.Rank - rank })
	if !found {
		r.Tenants = slices.Insert(r.Tenants, i, Tenant{Rank: rank, Response: newHistogram(coarseDigits)})
	}
	return &r.Tenants[i]
}

func (r *Recording) count(step, code string, n int64) {
	if r.Codes[step] == nil {
		r.Codes[step] = map[string]int64{}
	}
	r.Codes[step][code] += n
}

// Clone is a copy that later recording leaves alone.
func (r *Recording) Clone() *Recording {
	c := NewRecording(r.Shape)
	_ = c.Add(r) // of the same run
	for step, codes := range r.Codes {
		c.Codes[step] = maps.Clone(codes)
	}
	return c
}
