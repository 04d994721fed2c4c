package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
	"github.com/coditect/platform/shared/tracing"
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

// BenchmarkReadTraced is BenchmarkRead where nothing is traced, where every
// request is set aside, and where every one is sent: what tracing costs.
func BenchmarkReadTraced(b *testing.B) {
	to := testkit.NewTraces(b)
	for _, c := range []struct {
		name    string
		observe app.ObserveOptions
	}{
		{"off", app.ObserveOptions{}},
		{"aside", app.ObserveOptions{Trace: tracing.Options{Endpoint: to.URL, Slow: time.Hour}}},
		{"sent", app.ObserveOptions{Trace: tracing.Options{Endpoint: to.URL, Slow: time.Hour, Ratio: 1}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := start(b, func(o *app.APIOptions) { o.Observe = c.observe })
			tn := p.admit(b)
			for b.Loop() {
				expect(b, p.asTenant(b, tn, request{method: "GET", target: "/v1/organization"}), 200)
			}
		})
	}
}
