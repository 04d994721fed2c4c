package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
)

const changes = 300

// freshness suspends and resumes tenants and asks every router until it has
// noticed. The clock starts when the operator's request is sent, before the
// commit, so the figure is an upper bound.
func freshness(ctx context.Context, p *local.Platform, f *figures.Figures) error {
	tenant, err := signUp(ctx, p, "freshness", 0)
	if err != nil {
		return err
	}
	latencies := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	for i := range changes {
		verb, want := "suspend", http.StatusPaymentRequired
		if i%2 == 1 {
			verb, want = "resume", http.StatusOK
		}
		worst, err := change(ctx, p, tenant, verb, want)
		if err != nil {
			return err
		}
		_ = latencies.RecordValue(worst.Microseconds())
	}
	f.AtMost("change_to_every_router_p99", float64(latencies.ValueAtPercentile(99))/1000, "ms", 50)
	return nil
}

// change makes one change and returns when the last router had noticed.
func change(ctx context.Context, p *local.Platform, x signedUp, verb string, want int) (time.Duration, error) {
	start := time.Now()
	if _, err := operate(ctx, p, http.MethodPost, "/v1/tenants/"+x.Tenant.ID+"/"+verb, `{"reason":"bench"}`); err != nil {
		return 0, err
	}
	routers := p.State().Endpoints.Routers
	noticed := make(chan time.Duration, len(routers))
	group, ctx := errgroup.WithContext(ctx)
	for _, router := range routers {
		group.Go(func() error {
			for {
				status, body, err := call(ctx, http.MethodGet, router.URL+"/v1/organization", x.Tenant.Slug+".localhost", x.APIKey, nil, nil)
				switch {
				case err != nil:
					return err
				case status == want:
					noticed <- time.Since(start)
					return nil
				case time.Since(start) > 30*time.Second:
					return fmt.Errorf("%s was not noticed in 30 s: %d %s", verb, status, body)
				}
			}
		})
	}
	err := group.Wait()
	close(noticed)
	var worst time.Duration
	for d := range noticed {
		worst = max(worst, d)
	}
	return worst, err
}
