package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane/internal/rollout"
)

const (
	before = "v1"
	after  = "v2"
)

// fleet is cells that run versions, burn when told, and stores what is saved.
type fleet struct {
	t       *testing.T
	runs    map[string]string
	applied []string                   // "cell version", in order
	refuse  map[string]int             // "cell version" → how often it fails
	during  func(cell, version string) // called while a version is applied
	burns   func(cell string) string   // a breach, or ""
	blind   func() bool                // whether the gate sees nothing
	saved   rollout.State              // last
	saves   int                        //
	broken  bool                       // whether nothing can be stored
	told    []string                   //
}

func newFleet(t *testing.T, cells ...string) *fleet {
	f := &fleet{t: t, runs: map[string]string{}, refuse: map[string]int{}}
	for _, c := range cells {
		f.runs[c] = before
	}
	return f
}

func (f *fleet) Apply(ctx context.Context, cell, version string) error {
	if f.during != nil {
		f.during(cell, version)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f.applied = append(f.applied, cell+" "+version)
	if f.refuse[cell+" "+version] > 0 {
		f.refuse[cell+" "+version]--
		return errors.New("the cluster says no")
	}
	f.runs[cell] = version
	return nil
}

func (f *fleet) Check(_ context.Context, cell string) (string, error) {
	if f.blind != nil && f.blind() {
		return "", errors.New("no route to prometheus")
	}
	if f.burns != nil {
		return f.burns(cell), nil
	}
	return "", nil
}

// Save also holds what must be true of every state that is ever stored: a cell that
// runs the version is known to.
func (f *fleet) Save(s rollout.State) error {
	if f.broken {
		return errors.New("the disk is full")
	}
	for cell, version := range f.runs {
		if version == after && !slices.Contains(s.Changed(), cell) && s.Phase != rollout.Done {
			f.t.Errorf("%s runs %s, and the stored state does not know: %+v", cell, version, s)
		}
	}
	s.Waves = slices.Clone(s.Waves)
	for i := range s.Waves {
		s.Waves[i] = slices.Clone(s.Waves[i])
	}
	f.saved = s
	f.saves++
	return nil
}

func (f *fleet) runner() *rollout.Runner {
	return &rollout.Runner{Applier: f, Gate: f, Store: f, Tell: func(format string, args ...any) { f.told = append(f.told, fmt.Sprintf(format, args...)) }}
}

// state is a rollout over the given waves.
func state(waves ...[]string) *rollout.State {
	s := &rollout.State{
		Version: after, Phase: rollout.Applying,
		Terms: rollout.Terms{Program: "p", Prometheus: "http://p", Bake: 30 * time.Minute, CheckEvery: 30 * time.Second, MaxBurn: 6, Patience: 10 * time.Minute},
	}
	for _, wave := range waves {
		var cells []rollout.Cell
		for _, id := range wave {
			cells = append(cells, rollout.Cell{ID: id, From: before, Phase: rollout.CellPending})
		}
		s.Waves = append(s.Waves, cells)
	}
	return s
}

func (f *fleet) wants(version string, cells ...string) {
	f.t.Helper()
	for _, c := range cells {
		if f.runs[c] != version {
			f.t.Errorf("%s runs %s, want %s; applied: %s", c, f.runs[c], version, strings.Join(f.applied, ", "))
		}
	}
}
