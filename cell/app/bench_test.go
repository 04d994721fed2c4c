package app_test

import (
	"testing"

	"github.com/google/uuid"
)

// BenchmarkBatch admits tenants as a bulk import does, a thousand a request.
func BenchmarkBatch(b *testing.B) {
	p := start(b, nil)
	for b.Loop() {
		b.StopTimer()
		lines := make([]any, 1000)
		for i := range lines {
			tn := newTenant()
			line := tn.arrival()
			line["tenant_id"] = tn.id
			lines[i] = line
		}
		r := request{method: "POST", target: "/internal/v1/tenants/batch", body: map[string]any{"tenants": lines}}
		b.StartTimer()
		expect(b, p.asControlPlane(b, r), 200)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "tenants/s")
}

// BenchmarkRead and BenchmarkWrite are one client after the other, so they show
// the time of one request.
func BenchmarkRead(b *testing.B) {
	p := start(b, nil)
	tn := p.admit(b)
	for b.Loop() {
		expect(b, p.asTenant(b, tn, request{method: "GET", target: "/v1/organization"}), 200)
	}
}

func BenchmarkWrite(b *testing.B) {
	p := start(b, nil)
	tn := p.admit(b)
	for b.Loop() {
		expect(b, p.asTenant(b, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": uuid.NewString()}}), 201)
	}
}
