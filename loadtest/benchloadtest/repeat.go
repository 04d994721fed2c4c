package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// repeat runs the same capacity run three times and compares what they found.
func (b *bench) repeat(ctx context.Context) error {
	file, err := b.served(ctx)
	if err != nil {
		return err
	}
	var rates []float64
	for range 3 {
		out := b.path("capacity.json")
		r, err := b.loadtest(ctx, "capacity", filepath.Join("loadtest", "scenarios", "requests.yaml"), "--cell", "cell-a", "--tenants", file,
			"--step", "10s", "--soak", "20s", "--out", out)
		if err == nil && r.code != 0 {
			err = fmt.Errorf("loadtest capacity: exit code %d: %s", r.code, r.output)
		}
		if err != nil {
			return err
		}
		fmt.Fprint(b.said, r.output)
		text, err := os.ReadFile(out)
		if err != nil {
			return err
		}
		var found struct {
			Rate float64 `json:"rate"`
		}
		if err := json.Unmarshal(text, &found); err != nil {
			return err
		}
		rates = append(rates, found.Rate)
	}
	middle := (slices.Max(rates) + slices.Min(rates)) / 2
	b.figures.AtMost("capacity_spread", (slices.Max(rates)-middle)/middle, "", 0.1)
	b.note("capacity", median(rates), "requests/s", fmt.Sprintf("of cell-a, beside the generator; three runs found %.0f", rates))
	return nil
}
