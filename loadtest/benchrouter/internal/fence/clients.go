package fence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/cellapi"
)

const (
	maxBody  = 6 << 10
	attempts = 50                    // that a client makes while it is told to come again
	between  = 20 * time.Millisecond // attempts
	timeout  = 30 * time.Second
)

// Clients ask a router for tenants at random, with and without bodies, and
// judge what comes back.
type Clients struct {
	World   *World
	Router  netip.AddrPort
	Tenants int
	Number  int // of clients
	Total   int // requests of all together, repetitions not counted

	http     *http.Client
	next     atomic.Int64
	Answered atomic.Int64
	Repeated atomic.Int64 // times that a client was told to come again, rightly
	Wrong    atomic.Int64
	first    atomic.Pointer[error]
}

// Run sends all requests.
func (c *Clients) Run(ctx context.Context) error {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp4", c.Router.String())
		},
		MaxIdleConnsPerHost: c.Number, DisableCompression: true,
	}
	defer transport.CloseIdleConnections()
	c.http = &http.Client{Transport: onlyOnce{transport}, Timeout: timeout}
	tasks, ctx := errgroup.WithContext(ctx)
	for range c.Number {
		tasks.Go(func() error {
			for i := c.next.Add(1); i <= int64(c.Total) && ctx.Err() == nil; i = c.next.Add(1) {
				if err := c.one(ctx, int(i)); err != nil {
					c.Wrong.Add(1)
					c.first.CompareAndSwap(nil, &err)
				}
			}
			return ctx.Err()
		})
	}
	return tasks.Wait()
}

// First is what was wrong first, if anything.
func (c *Clients) First() error {
	if err := c.first.Load(); err != nil {
		return *err
	}
	return nil
}

// one asks for a tenant until there is an answer.
func (c *Clients) one(ctx context.Context, i int) error {
	tenant := rand.IntN(c.Tenants)
	var body []byte
	if i%2 == 0 {
		body = make([]byte, rand.IntN(maxBody))
		for n := range body {
			body[n] = byte(rand.Uint32())
		}
	}
	for attempt := range attempts {
		again, err := c.attempt(ctx, tenant, body, strconv.Itoa(i)+"-"+strconv.Itoa(attempt))
		if !again {
			return err
		}
		c.Repeated.Add(1)
		wait(ctx, between)
	}
	return fmt.Errorf("tenant %d: no answer after %d attempts", tenant, attempts)
}

// attempt sends one request and judges the answer; again: the router could not
// serve it now, and nothing was executed.
func (c *Clients) attempt(ctx context.Context, tenant int, body []byte, number string) (again bool, err error) {
	status, header, text, err := c.send(ctx, tenant, body, number)
	if err != nil {
		return false, fmt.Errorf("tenant %d: %w", tenant, err)
	}
	executed := c.World.Executed(number)
	switch {
	case status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" && executed == 0:
		return true, nil
	case status != http.StatusOK || executed != 1:
		return false, fmt.Errorf("tenant %d: answer %d %q, executed %d times", tenant, status, text, executed)
	}
	if want := Answer(workload.ID(tenant).String(), number, crc32.ChecksumIEEE(body)); text != want {
		return false, fmt.Errorf("tenant %d: answer %q, want %q", tenant, text, want)
	}
	c.Answered.Add(1)
	return false, nil
}

func (c *Clients) send(ctx context.Context, tenant int, body []byte, number string) (status int, header http.Header, text string, err error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+workload.Host(tenant)+"/v1/projects", bytes.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+workload.Key(tenant))
	req.Header.Set(HeaderNumber, number)
	req.Header.Set(cellapi.HeaderTenantEpoch, "99") // forged; the router takes it away
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(raw), err
}

// onlyOnce keeps net/http from sending a request again by itself.
type onlyOnce struct{ http.RoundTripper }

// RoundTrip sends a request whose body cannot be had a second time.
func (o onlyOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	r.GetBody = nil
	resp, err := o.RoundTripper.RoundTrip(r)
	if err != nil {
		err = errors.Join(errors.New("no answer"), err)
	}
	return resp, err
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
