package rollout_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/controlplane/internal/rollout"
)

// Times below are those of synctest's clock, which stands until nobody does anything.

func TestWavesFollowOneAnotherAndEachIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b", "c", "d")
		start := time.Now()
		var at []time.Duration
		f.during = func(string, string) { at = append(at, time.Since(start)) }
		s := state([]string{"a"}, []string{"b"}, []string{"c", "d"})
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Done {
			t.Fatalf("%s, %v", s.Phase, err)
		}
		f.wants(after, "a", "b", "c", "d")
		if want := []time.Duration{0, 30 * time.Minute, time.Hour, time.Hour}; !slices.Equal(at, want) {
			t.Errorf("cells were changed at %v, want %v", at, want)
		}
		if took := time.Since(start); took != 90*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

func TestACanaryThatBurnsIsTakenBackAndNobodyElseIsTouched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b")
		start := time.Now()
		f.burns = func(cell string) string {
			if f.runs[cell] == after && time.Since(start) >= 10*time.Minute {
				return "CellAvailability of a burns its budget 20 times too fast"
			}
			return ""
		}
		s := state([]string{"a"}, []string{"b"})
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Reverted || !strings.Contains(s.Breach, "CellAvailability") {
			t.Fatalf("%+v, %v", s, err)
		}
		f.wants(before, "a", "b")
		if !slices.Equal(f.applied, []string{"a v2", "a v1"}) {
			t.Errorf("applied: %v", f.applied)
		}
		if took := time.Since(start); took > 11*time.Minute {
			t.Errorf("it took %s to notice and take back", took)
		}
	})
}

func TestAnEarlierWaveThatBurnsTakesEverythingBackTheLastFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b", "c", "d")
		f.burns = func(cell string) string {
			if cell == "a" && f.runs["c"] == after {
				return "CellLatency of a burns"
			}
			return ""
		}
		s := state([]string{"a"}, []string{"b", "c"}, []string{"d"})
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Reverted {
			t.Fatalf("%+v, %v", s, err)
		}
		if want := []string{"a v2", "b v2", "c v2", "c v1", "b v1", "a v1"}; !slices.Equal(f.applied, want) {
			t.Errorf("applied: %v, want %v", f.applied, want)
		}
	})
}

func TestOneBadLookIsNoBreach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a")
		looks := 0
		f.burns = func(string) string {
			if looks++; looks%2 == 1 && looks < 50 {
				return "no API of a answers Prometheus"
			}
			return ""
		}
		s := state([]string{"a"})
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Done {
			t.Fatalf("%+v, %v", s, err)
		}
	})
}

// What is wrong when the time is up is looked at once more before the next wave.
func TestAWaveDoesNotEndOnABadLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b")
		start := time.Now()
		f.burns = func(string) string {
			if time.Since(start) >= 30*time.Minute {
				return "JobOutcome of a burns"
			}
			return ""
		}
		s := state([]string{"a"}, []string{"b"})
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Reverted {
			t.Fatalf("%+v, %v", s, err)
		}
		f.wants(before, "a", "b")
	})
}

func TestABlindGateHoldsTheWaveAndThenTakesItBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		until time.Duration
		phase rollout.Phase
		took  time.Duration
	}{
		"it sees again in time": {35 * time.Minute, rollout.Done, 35 * time.Minute},
		"it never sees again":   {24 * time.Hour, rollout.Reverted, 38 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, "a")
				start := time.Now()
				f.blind = func() bool { now := time.Since(start); return now >= 28*time.Minute && now < c.until }
				s := state([]string{"a"})
				if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != c.phase {
					t.Fatalf("%+v, %v", s, err)
				}
				if took := time.Since(start); took < c.took-time.Minute || took > c.took+time.Minute {
					t.Errorf("it took %s, want about %s", took, c.took)
				}
			})
		})
	}
}

func TestACellThatCannotGetTheVersionTakesItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b", "c")
		f.refuse["b v2"] = 1
		s := state([]string{"a"}, []string{"b", "c"})
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Reverted || !strings.Contains(s.Breach, "the cluster says no") {
			t.Fatalf("%+v, %v", s, err)
		}
		f.wants(before, "a", "b", "c")
		if slices.Contains(f.applied, "c v2") {
			t.Errorf("applied: %v", f.applied)
		}
	})
}

func TestACellThatCannotBeRevertedDoesNotKeepTheOthersAndIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b")
		f.refuse["b v1"] = 1
		f.burns = func(cell string) string { return map[bool]string{true: "it burns"}[f.runs["b"] == after] }
		s := state([]string{"a", "b"})
		err := f.runner().Run(t.Context(), s)
		if err == nil || !strings.Contains(err.Error(), "could not be taken back from b") || s.Phase != rollout.Reverting {
			t.Fatalf("%+v, %v", s, err)
		}
		f.wants(before, "a")
		resumed := f.saved
		if err := f.runner().Run(t.Context(), &resumed); err != nil || resumed.Phase != rollout.Reverted {
			t.Fatalf("%+v, %v", resumed, err)
		}
		f.wants(before, "a", "b")
	})
}

func TestAStateThatCannotBeStoredStopsBeforeTheCellIsChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a")
		f.broken = true
		if err := f.runner().Run(t.Context(), state([]string{"a"})); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Error(err)
		}
		if len(f.applied) > 0 {
			t.Errorf("applied: %v", f.applied)
		}
	})
}

// An interruption at any step loses nothing: what is resumed from the stored state
// ends as if it had never been interrupted.
func TestARolloutIsResumedFromWhereverItWasInterrupted(t *testing.T) {
	t.Parallel()
	for _, bad := range []bool{false, true} {
		for step := 1; ; step++ {
			interrupted := false
			synctest.Test(t, func(t *testing.T) { interrupted = resumeAfter(t, step, bad) })
			if !interrupted {
				if step < 8 {
					t.Fatalf("only %d steps were interrupted", step-1)
				}
				break
			}
		}
	}
}

// resumeAfter interrupts a rollout at its step-th look or application, and resumes it.
func resumeAfter(t *testing.T, step int, bad bool) (interrupted bool) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := newFleet(t, "a", "b", "c")
	count := func() {
		if step--; step == 0 {
			interrupted = true
			cancel()
		}
	}
	f.during = func(string, string) { count() }
	f.burns = func(string) string {
		count()
		if bad && f.runs["b"] == after {
			return "it burns"
		}
		return ""
	}
	s := state([]string{"a"}, []string{"b", "c"})
	s.Terms.Bake, s.Terms.CheckEvery = time.Minute, time.Minute
	err := f.runner().Run(ctx, s)
	if interrupted {
		if err == nil && !s.Phase.Over() {
			t.Fatalf("step %d: interrupted, and no error", step)
		}
		<-time.After(time.Hour) // the terminal was away
		resumed := f.saved
		s = &resumed
		err = f.runner().Run(t.Context(), s)
	}
	want, version := rollout.Done, after
	if bad {
		want, version = rollout.Reverted, before
	}
	if err != nil || s.Phase != want {
		t.Fatalf("step %d: %+v, %v", step, s, err)
	}
	f.wants(version, "a", "b", "c")
	return interrupted
}

func TestADoneRolloutCanBeTakenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b")
		s := state([]string{"a"}, []string{"b"})
		if err := f.runner().Run(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		s.Abort("an operator aborted it")
		if err := f.runner().Run(t.Context(), s); err != nil || s.Phase != rollout.Reverted {
			t.Fatalf("%+v, %v", s, err)
		}
		f.wants(before, "a", "b")
	})
}
