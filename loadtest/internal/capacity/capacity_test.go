package capacity_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/coditect/platform/loadtest/internal/capacity"
)

// server answers in time up to its limit; nth trial fails once by chance.
func search(limit, start, most float64, stall int) (*capacity.Result, int, error) {
	trials := 0
	s := &capacity.Search{
		Start: start, Most: most, Resolution: 0.05, Objectives: capacity.Objectives{P99: 100, TenantP99: 200, Errors: 0.001, QueueAge: 5},
		Said: func(capacity.Trial) {},
		Try: func(_ context.Context, rate float64, _ bool) (capacity.Trial, error) {
			trials++
			t := capacity.Trial{Got: rate, P99: 20}
			if rate > limit || trials == stall {
				t.P99 = 500
			}
			return t, nil
		},
	}
	r, err := s.Run(context.Background())
	return r, trials, err
}

func TestSearch(t *testing.T) {
	t.Parallel()
	for _, limit := range []float64{3, 80, 1234, 4180} {
		for stall := range 12 {
			r, trials, err := search(limit, 100, 100_000, stall)
			if err != nil || r.Rate > limit || r.Rate < limit*0.9 || r.Limit == "" || r.Open {
				t.Errorf("limit %g, stall %d: %+v, %v", limit, stall, r, err)
			}
			if trials > 30 {
				t.Errorf("limit %g: %d trials", limit, trials)
			}
			if r.Soak.Rate > r.Rate*0.91 || !r.Soak.Soak {
				t.Errorf("limit %g: soak %+v", limit, r.Soak)
			}
		}
	}
}

func TestSearchWithoutALimit(t *testing.T) {
	t.Parallel()
	r, _, err := search(math.Inf(1), 100, 1000, 0)
	if err != nil || !r.Open || r.Rate != 1000 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, _, err := search(0.1, 100, 1000, 0); !errors.Is(err, capacity.ErrNone) {
		t.Error(err)
	}
}

func TestObjectives(t *testing.T) {
	t.Parallel()
	o := capacity.Objectives{P99: 100, TenantP99: 200, Errors: 0.001, QueueAge: 5}
	good := capacity.Trial{Rate: 100, Got: 100, P99: 99, Tenant: 199, QueueAge: 4}
	if missed := o.Missed(&good); missed != "" {
		t.Error(missed)
	}
	for _, bad := range []capacity.Trial{
		{Rate: 100, Got: 90}, {Rate: 100, Got: 100, P99: 101}, {Rate: 100, Got: 100, Tenant: 201}, {Rate: 100, Got: 100, Errors: 0.002}, {Rate: 100, Got: 100, QueueAge: 6},
	} {
		if o.Missed(&bad) == "" {
			t.Errorf("%+v meets everything", bad)
		}
	}
}

func points(lambda, sigma, kappa, noise float64, users ...float64) (all []capacity.Point) {
	rng := rand.New(rand.NewPCG(4, 2))
	law := capacity.Fit{Lambda: lambda, Sigma: sigma, Kappa: kappa}
	for _, n := range users {
		all = append(all, capacity.Point{Users: n, Rate: law.Rate(n) * (1 + noise*rng.NormFloat64())})
	}
	return all
}

func TestTheLawIsFound(t *testing.T) {
	t.Parallel()
	f, err := capacity.FitLaw(points(1000, 0.05, 0.001, 0.01, 1, 2, 4, 8, 16, 32, 64))
	if err != nil || f.Problem != "" {
		t.Fatalf("%+v, %v", f, err)
	}
	if math.Abs(f.Lambda/1000-1) > 0.05 || math.Abs(f.Sigma/0.05-1) > 0.2 || math.Abs(f.Kappa/0.001-1) > 0.2 || math.Abs(f.Peak/30.8-1) > 0.1 {
		t.Errorf("%+v", f)
	}
	if len(f.Residuals) != 7 || f.Rough > 0.03 {
		t.Errorf("residuals %v", f.Residuals)
	}
}

// Points that do not determine the law are said not to.
func TestTheLawIsNotIdentifiable(t *testing.T) {
	t.Parallel()
	for name, all := range map[string][]capacity.Point{
		"linear":     points(1000, 0, 0, 0, 1, 2, 4, 8, 16, 32),
		"noise":      points(1000, 0.001, 0.00001, 0.1, 1, 2, 3, 4, 5, 6),
		"no law":     {{1, 100}, {2, 20}, {4, 300}, {8, 10}, {16, 500}, {32, 40}},
		"a far peak": points(1000, 0.2, 0.000001, 0, 1, 2, 3, 4, 5, 6),
	} {
		if f, err := capacity.FitLaw(all); err != nil || f.Problem == "" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	if _, err := capacity.FitLaw(points(1000, 0.1, 0, 0, 1, 1, 2, 2, 3, 4, 5)); !errors.Is(err, capacity.ErrFewPoints) {
		t.Error(err)
	}
}
