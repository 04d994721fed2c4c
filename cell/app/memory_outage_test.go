package app_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

// counter is a workspace that counts in its description, one up with every
// write, while others read it at several processes.
type counter struct {
	processes []*process
	tenant    tenant
	target    string
	acked     atomic.Int64
	old       atomic.Int64 // answers from before an acknowledged write
	failed    atomic.Int64
	slowest   atomic.Int64 // ns of one request
}

func newCounter(t *testing.T, processes ...*process) *counter {
	t.Helper()
	c := &counter{processes: processes, tenant: processes[0].admit(t)}
	body := map[string]any{"name": "counter", "description": "0"}
	created := expect(t, processes[0].asTenant(t, c.tenant, request{method: "POST", target: "/v1/workspaces", body: body}), 201)
	c.target = "/v1/workspaces/" + created.text("id")
	return c
}

func (c *counter) ask(t *testing.T, r request) answer {
	start := time.Now()
	a := c.processes[rand.IntN(len(c.processes))].asTenant(t, c.tenant, r)
	for took := int64(time.Since(start)); ; {
		slowest := c.slowest.Load()
		if took <= slowest || c.slowest.CompareAndSwap(slowest, took) {
			return a
		}
	}
}

func (c *counter) read(t *testing.T) {
	floor := c.acked.Load()
	a := c.ask(t, get(c.target))
	got, err := strconv.ParseInt(a.text("description"), 10, 64)
	switch {
	case a.status != 200 || err != nil:
		c.failed.Add(1)
		t.Logf("%d %s", a.status, a.body)
	case got < floor:
		c.old.Add(1)
	}
}

func (c *counter) write(t *testing.T) {
	next := c.acked.Load() + 1
	a := c.ask(t, request{method: "PATCH", target: c.target, body: map[string]any{"description": fmt.Sprint(next)}})
	if a.status != 200 {
		c.failed.Add(1)
		t.Logf("%d %s", a.status, a.body)
		return
	}
	c.acked.Store(next)
}

// run reads without a break, and writes now and then, until stop is closed.
func (c *counter) run(t *testing.T, stop <-chan struct{}) *sync.WaitGroup {
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for !closed(stop) {
				c.read(t)
			}
		})
	}
	all.Go(func() {
		for !closed(stop) {
			c.write(t)
			c.read(t)
			c.read(t)
		}
	})
	return &all
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestNobodyReadsWhatWasThereBeforeAnAcknowledgedWrite(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	share := func(o *app.APIOptions) { o.RedisURL, o.RedisTimeout = url, unhurried }
	first := start(t, share)
	c := newCounter(t, first, startOn(t, first.dsn, share))
	stop := make(chan struct{})
	all := c.run(t, stop)
	testkit.Eventually(t, "200 writes", func() bool { return c.acked.Load() >= 200 })
	close(stop)
	all.Wait()
	if c.old.Load() > 0 || c.failed.Load() > 0 {
		t.Errorf("%d old answers, %d failures, over %d writes", c.old.Load(), c.failed.Load(), c.acked.Load())
	}
	if n := lookups(t, first); n == 0 {
		t.Error("the memory was not asked")
	}
}

// Redis hangs, comes back, is killed and comes back, under load: requests take
// longer, none fails, and what was read is never old for long.
func TestRedisMayHangAndDie(t *testing.T) {
	t.Parallel()
	server := servers.Redis{Dir: t.TempDir(), Port: testkit.FreePorts(t, 1)[0], Password: "secret"}
	redis := testkit.Run(t, server)
	share := func(o *app.APIOptions) { o.RedisURL = server.URL(0) }
	first := start(t, share)
	c := newCounter(t, first, startOn(t, first.dsn, share))
	stop := make(chan struct{})
	all := c.run(t, stop)
	goOn := func() {
		t.Helper()
		want := c.acked.Load() + 20
		testkit.Eventually(t, "20 writes more", func() bool { return c.acked.Load() >= want })
	}
	kill := func(s syscall.Signal) {
		if err := syscall.Kill(redis.ID().PID, s); err != nil {
			t.Error(err)
		}
	}
	goOn()
	kill(syscall.SIGSTOP)
	goOn()
	kill(syscall.SIGCONT)
	goOn()
	kill(syscall.SIGKILL)
	goOn()
	<-redis.Done()
	redis = testkit.Run(t, server)
	goOn()
	close(stop)
	all.Wait()
	if c.failed.Load() > 0 {
		t.Errorf("%d requests failed", c.failed.Load())
	}
	t.Logf("%d writes, %d old answers, slowest request %v", c.acked.Load(), c.old.Load(), time.Duration(c.slowest.Load()))
	as := func(r request) answer { return c.processes[1].asTenant(t, c.tenant, r) }
	fresh(t, c.processes[1].remembered(t, c.target, as), fmt.Sprintf(`"description":"%d"`, c.acked.Load()))
}
