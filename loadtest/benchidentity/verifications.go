package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/person"
)

const (
	clientID = "console"

	// callsAtOnce keeps the router busy; perTenant is below the plan's limit.
	callsAtOnce = 16
	perTenant   = 40 // a second
)

// verifications has the router verify tokens, and counts what the authorization
// server is asked meanwhile, by whatever program.
func verifications(ctx context.Context, people []person.Person, n int, counted *counter, f *figures.Figures) error {
	bearers := make([]string, len(people))
	for i, who := range people {
		got, err := who.SignIn(ctx, clientID)
		if err != nil {
			return err
		}
		bearers[i] = got.Access
	}
	before := counted.requests()
	ticker := time.NewTicker(time.Second / time.Duration(perTenant*len(people)))
	defer ticker.Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callsAtOnce)
	for i := range n {
		<-ticker.C
		if ctx.Err() != nil {
			break
		}
		who := i % len(people)
		group.Go(func() error { return call(ctx, people[who], bearers[who]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	const per = 10_000
	f.AtMost("authorization_server_requests_per_10000_tokens", float64(counted.requests()-before)*per/float64(n), "requests", 1)
	return nil
}

// call calls the tenant's API with a token.
func call(ctx context.Context, who person.Person, bearer string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, who.At.Routers["us-central1"].URL+"/v1/me", nil)
	if err != nil {
		return err
	}
	req.Host = who.Slug + ".localhost"
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", who.Slug, resp.StatusCode, body)
	}
	return err
}
