package tenants_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/coditect/platform/loadtest/internal/tenants"
)

func TestRead(t *testing.T) {
	t.Parallel()
	text := `{"slug":"a","api_key":"k","projects":["p"]}` + "\n" + `{"slug":"b"}` + "\n"
	all, err := tenants.Read(strings.NewReader(text), 0)
	if err != nil || len(all) != 2 || all[0].Key != "k" || all[1].Slug != "b" {
		t.Fatalf("%v, %v", all, err)
	}
	if first, err := tenants.Read(strings.NewReader(text), 1); err != nil || len(first) != 1 {
		t.Errorf("%v, %v", first, err)
	}
	if _, err := tenants.Read(strings.NewReader(text), 3); !errors.Is(err, tenants.ErrShort) {
		t.Errorf("three of two: %v", err)
	}
	if _, err := tenants.Read(strings.NewReader(text+"{\n"), 0); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("a broken line: %v", err)
	}
}

func TestZipf(t *testing.T) {
	t.Parallel()
	const n, draws, exponent = 1000, 200_000, 1.3
	counts := make([]float64, n)
	c := tenants.Zipf(n, exponent, rand.New(rand.NewPCG(1, 2)))
	for range draws {
		counts[c.Next()]++
	}
	for _, r := range []int{1, 3, 10} {
		want := math.Pow(float64(1+r), -exponent)
		if got := counts[r] / counts[0]; math.Abs(got/want-1) > 0.1 {
			t.Errorf("rank %d is chosen %.3f times as often as rank 0, want %.3f", r, got, want)
		}
	}
}

func TestRanksAreABijection(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 1000, 1_000_000} {
		seen := make([]bool, n)
		for rank := range n {
			at := tenants.At(rank, n)
			if seen[at] {
				t.Fatalf("of %d, place %d comes twice", n, at)
			}
			seen[at] = true
		}
	}
}
