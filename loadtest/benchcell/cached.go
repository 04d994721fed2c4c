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

	"github.com/coditect/platform/shared/cellapi"
)

// cachedTenants is few enough for every answer to be in Redis after the first round.
const cachedTenants = 100

// cached compares what a point read costs the API when Redis remembers the
// answer with what it costs without Redis, and with the store alone.
func (b *bench) cached(ctx context.Context) error {
	with, withPID, err := b.api(ctx, "api-with-redis", b.redis.URL(0))
	if err != nil {
		return err
	}
	without, withoutPID, err := b.api(ctx, "api-without-redis", "")
	if err != nil {
		return err
	}
	hits := 0
	all, err := b.turns(
		func() (float64, error) {
			c, err := b.costOf(ctx, with, withPID)
			hits = c.hits
			if err == nil && float64(c.hits) < 0.9*float64(c.requests) {
				fmt.Fprintf(b.out, "note cached_hits %d of %d\n", c.hits, c.requests)
			}
			return c.micros, err
		},
		func() (float64, error) {
			c, err := b.costOf(ctx, without, withoutPID)
			return c.micros, err
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
	b.note("cached_cpu_per_request", median(all[0]), "µs", "of the API's process, answered from memory")
	b.note("uncached_cpu_per_request", median(all[1]), "µs", "of the API's process, one transaction each")
	b.note("http_share", 1-ratio(all[2], all[1]), "", "of the uncached cost: HTTP, signature, validation, JSON; the rest is the store")
	return nil
}

// cost is what requests cost a process.
type cost struct {
	micros         float64 // CPU of one
	requests, hits int
}

func (b *bench) costOf(ctx context.Context, address string, pid int) (cost, error) {
	before, err := cpuOf(pid)
	if err != nil {
		return cost{}, err
	}
	c, err := b.ask(ctx, address)
	if err != nil {
		return c, err
	}
	after, err := cpuOf(pid)
	c.micros = float64((after - before).Microseconds()) / float64(c.requests)
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
