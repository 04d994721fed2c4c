package main

import (
	"context"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/person"
)

// perPerson is how often one person signs in: below the limit of an account.
const perPerson = 8 // a minute

// logins has people sign in at an even pace, whether those before have been
// answered or not.
func logins(ctx context.Context, people []person.Person, n int, f *figures.Figures) error {
	byAddress := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	atTenant := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	var mu sync.Mutex
	ticker := time.NewTicker(time.Minute / time.Duration(perPerson*len(people)))
	defer ticker.Stop()
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		select {
		case <-ctx.Done():
			return group.Wait()
		case <-ticker.C:
		}
		who, into, path := people[i%len(people)], byAddress, "/login"
		if i/len(people)%2 == 1 {
			into, path = atTenant, "/t/"+who.Slug
		}
		group.Go(func() error {
			took, err := who.Attempt(ctx, path)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			return into.RecordValue(took.Microseconds())
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	const bar = 400
	f.AtMost("login_by_address_p99", float64(byAddress.ValueAtPercentile(99))/1000, "ms", bar)
	f.AtMost("login_at_tenant_p99", float64(atTenant.ValueAtPercentile(99))/1000, "ms", bar)
	return nil
}
