package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/loadtest/internal/procs"
	"github.com/coditect/platform/shared/cellapi"
)

// cachedTenants is few enough for every answer to be in Redis after the first round.
const cachedTenants = 100

// cached compares what a point read costs the cell when Redis remembers the
// answer with what it costs without Redis: of the API, and of the API with the
// servers behind it.
func (b *bench) cached(ctx context.Context) error {
	with, withPID, err := b.api(ctx, "api-with-redis", b.redis.URL(0))
	if err != nil {
		return err
	}
	without, withoutPID, err := b.api(ctx, "api-without-redis", "")
	if err != nil {
		return err
	}
	var remembered, asked []float64 // of the API alone, by round
	hits := 0
	all, err := b.turns(
		func() (float64, error) {
			c, err := b.costOf(ctx, with, withPID)
			hits, remembered = c.hits, append(remembered, c.api)
			if err == nil && float64(c.hits) < 0.9*float64(c.requests) {
				fmt.Fprintf(b.out, "note cached_hits %d of %d\n", c.hits, c.requests)
			}
			return c.all, err
		},
		func() (float64, error) {
			c, err := b.costOf(ctx, without, withoutPID)
			asked = append(asked, c.api)
			return c.all, err
		},
		func() (float64, error) {
			m, err := b.store(ctx, "read", b.targets[:cachedTenants], b.turn())
			return m.CPUSeconds / float64(max(m.Transactions, 1)) * 1e6, err
		},
	)
	if err != nil {
		return err
	}
	if hits == 0 {
		return errors.New("no answer came from memory")
	}
	b.atMost("cached_cpu", ratio(all[0], all[1]), "x", 0.35)
	b.note("cached_cpu_per_request", median(all[0]), "µs", "of API, Postgres and Redis, answered from memory")
	b.note("uncached_cpu_per_request", median(all[1]), "µs", "of API and Postgres, one transaction each")
	b.note("cached_cpu_of_api", median(remembered[1:]), "µs", "of the API's process alone")
	b.note("uncached_cpu_of_api", median(asked[1:]), "µs", "of the API's process alone")
	b.note("http_share", 1-median(all[2])/median(asked[1:]), "", "of that: HTTP, signature, validation, JSON; the rest is the store")
	return nil
}

// cost is what requests cost, in microseconds of processor time for one.
type cost struct {
	all, api       float64
	requests, hits int
}

func (b *bench) costOf(ctx context.Context, address string, api int) (cost, error) {
	servers := []int{api, b.pids[b.postgres.Spec().Name], b.pids[b.redis.Spec().Name]}
	use := func() (all, own time.Duration, err error) {
		children, err := procs.Children()
		for _, pid := range servers {
			all += procs.UsageOf(pid, children).CPU
		}
		return all, procs.UsageOf(api, children).CPU, err
	}
	all, own, err := use()
	if err != nil {
		return cost{}, err
	}
	c, err := b.ask(ctx, address)
	if err != nil {
		return c, err
	}
	allAfter, ownAfter, err := use()
	each := func(spent time.Duration) float64 { return float64(spent.Microseconds()) / float64(c.requests) }
	c.all, c.api = each(allAfter-all), each(ownAfter-own)
	return c, err
}

// ask reads projects for one turn. Any answer but a 200 is an error.
func (b *bench) ask(ctx context.Context, address string) (cost, error) {
	client := &fasthttp.HostClient{Addr: address, MaxConns: loadConns}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var total cost
	var failed error
	var callers sync.WaitGroup
	end := time.Now().Add(b.turn())
	for range loadConns {
		callers.Go(func() {
			own, err := b.caller(ctx, client, address, end)
			mu.Lock()
			defer mu.Unlock()
			total.requests, total.hits, failed = total.requests+own.requests, total.hits+own.hits, errors.Join(failed, err)
		})
	}
	callers.Wait()
	return total, failed
}

func (b *bench) caller(ctx context.Context, client *fasthttp.HostClient, address string, end time.Time) (own cost, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	signer := cellapi.NewSigner(b.edgeKey)
	for time.Now().Before(end) && ctx.Err() == nil {
		sign(request, signer, address, b.targets[rand.IntN(cachedTenants)])
		if err := client.Do(request, response); err != nil {
			return own, err
		}
		if response.StatusCode() != fasthttp.StatusOK {
			return own, fmt.Errorf("answer %d: %s", response.StatusCode(), response.Body())
		}
		own.requests++
		if len(response.Header.Peek("Cache-Status")) > 0 {
			own.hits++
		}
	}
	return own, ctx.Err()
}

// sign makes a read of the target's project as the router would send it.
func sign(request *fasthttp.Request, signer *cellapi.Signer, address string, t target) {
	path, now := "/v1/projects/"+t.Project.String(), time.Now().Unix()
	claims := cellapi.Claims{
		Method: []byte("GET"), Target: []byte(path), TenantID: []byte(t.Tenant.String()), Epoch: t.Epoch,
		RequestID: []byte(uuid.NewString()), Timestamp: now,
	}
	request.Reset()
	request.SetRequestURI("http://" + address + path)
	for name, value := range map[string]string{
		"Authorization": "Bearer " + t.key, cellapi.HeaderTenantID: string(claims.TenantID), cellapi.HeaderTenantEpoch: strconv.FormatUint(t.Epoch, 10),
		cellapi.HeaderRequestID: string(claims.RequestID), cellapi.HeaderTimestamp: strconv.FormatInt(now, 10),
		cellapi.HeaderSignature: string(signer.Append(nil, &claims)),
	} {
		request.Header.Set(name, value)
	}
}
