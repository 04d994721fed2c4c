package rollout

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Prometheus is the gate: it asks a Prometheus that evaluates the rules of
// deploy/alerts.
type Prometheus struct {
	URL     string // base
	MaxBurn float64
	Client  *http.Client
}

const (
	// burnQuery is how many times too fast each objective of a cell burns its budget.
	burnQuery = `max by (slo) (slo:bad_ratio:5m{cell=%q}) / on (slo) slo:budget`
	// seenQuery is how many of a cell's APIs answer.
	seenQuery = `sum(up{job="cell-api",cell=%q})`

	queryTimeout = 10 * time.Second
	maxAnswer    = 1 << 20
)

// Check returns what is wrong with a cell, or "". An error says that Prometheus
// could not be asked.
func (p Prometheus) Check(ctx context.Context, cell string) (breach string, err error) {
	seen, err := p.query(ctx, fmt.Sprintf(seenQuery, cell))
	if err != nil {
		return "", err
	}
	if len(seen) == 0 || seen[0].value < 1 {
		return "no API of " + cell + " answers Prometheus", nil
	}
	burning, err := p.query(ctx, fmt.Sprintf(burnQuery, cell))
	if err != nil {
		return "", err
	}
	var wrong []string
	for _, s := range burning {
		if s.value > p.MaxBurn { // false for what had no events, NaN
			wrong = append(wrong, fmt.Sprintf("%s of %s burns its budget %.3g times too fast", s.labels["slo"], cell, s.value))
		}
	}
	return strings.Join(wrong, "; "), nil
}

type sample struct {
	labels map[string]string
	value  float64
}

// query evaluates an expression whose result is a vector.
func (p Prometheus) query(ctx context.Context, expression string) ([]sample, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	address := strings.TrimSuffix(p.URL, "/") + "/api/v1/query?" + url.Values{"query": {expression}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := p.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  [2]any // a time, and the value as text
			}
		}
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("prometheus answered %s and no JSON: %w", response.Status, err)
	}
	if answer.Status != "success" || answer.Data.ResultType != "vector" {
		return nil, fmt.Errorf("prometheus answered %s: %s", response.Status, answer.Error)
	}
	samples := make([]sample, len(answer.Data.Result))
	for i, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			value = math.NaN()
		}
		samples[i] = sample{r.Metric, value}
	}
	return samples, nil
}
