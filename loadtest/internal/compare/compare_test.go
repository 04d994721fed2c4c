package compare_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/compare"
	"github.com/coditect/platform/loadtest/internal/record"
)

// made is a run of a minute whose seconds differ more among each other than its
// requests do, as on a real machine.
func made(seed uint64, slower float64) []compare.Window {
	rng := rand.New(rand.NewPCG(seed, 5))
	all := make([]compare.Window, 60)
	for i := range all {
		second := slower * (1 + 0.3*rng.Float64())
		for range 100 {
			all[i].Response = append(all[i].Response, record.Bucket{Value: time.Duration(second * (1 + rng.ExpFloat64()) * float64(time.Millisecond)), Count: 1})
		}
		all[i].Done = 100
	}
	return all
}

func p99(t *testing.T, a, b []compare.Window) compare.Difference {
	t.Helper()
	all, err := compare.Runs(a, b, 1)
	if err != nil {
		t.Fatal(err)
	}
	return all[2]
}

func TestARealDifferenceIsSignificant(t *testing.T) {
	t.Parallel()
	d := p99(t, made(1, 1), made(2, 1.5))
	if !d.Significant || d.Low < 1.2 || d.High > 1.9 || d.Ratio < d.Low || d.Ratio > d.High {
		t.Errorf("%+v", d)
	}
}

// Of forty pairs of like runs about two are beyond the 95 %.
func TestChanceIsNotSignificant(t *testing.T) {
	t.Parallel()
	wrong := 0
	for i := range uint64(40) {
		if p99(t, made(2*i+10, 1), made(2*i+11, 1)).Significant {
			wrong++
		}
	}
	if wrong > 7 {
		t.Errorf("%d of 40 pairs of like runs differ", wrong)
	}
}

func TestAShortRunIsNotCompared(t *testing.T) {
	t.Parallel()
	if _, err := compare.Runs(made(1, 1)[:4], made(2, 1), 1); !errors.Is(err, compare.ErrShort) {
		t.Error(err)
	}
}
