package app_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

const benchTenants = 200_000

// BenchmarkLookups is a router with a cold cache: each operation is one full
// request over HTTP and Postgres, for slugs drawn from all tenants.
func BenchmarkLookups(b *testing.B) {
	p := start(b, options(database(b)))
	p.withCell(b, "cell-a", "us-central1", benchTenants)
	for first := 0; first < benchTenants; first += 50_000 {
		var lines strings.Builder
		for i := range 50_000 {
			fmt.Fprintf(&lines, `{"slug":"shop-%d","organization":"x"}`+"\n", first+i)
		}
		p.importLines(b, "directory", lines.String())
	}
	for _, keys := range []int{1, 16, 64, directory.MaxLookupKeys} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				p.lookUp(b, keys)
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(keys*b.N)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}

func (p *program) lookUp(b *testing.B, n int) {
	b.Helper()
	request := directory.LookupRequest{Keys: make([]directory.Key, n)}
	for i := range request.Keys {
		request.Keys[i] = directory.Key{Kind: directory.BySlug, Value: fmt.Sprintf("shop-%d", rand.IntN(benchTenants))}
	}
	body, err := json.Marshal(request)
	if err != nil {
		b.Fatal(err)
	}
	status, _, answer, err := p.do("POST", "/v1/directory/lookups", p.keys[controlplane.RoleRouter], "application/json", strings.NewReader(string(body)))
	if err != nil || status != http.StatusOK || strings.Contains(answer, "null") {
		b.Fatalf("%d %s %v", status, answer, err)
	}
}
