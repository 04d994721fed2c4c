package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/testkit"
)

// movable signs a tenant up that may live in any region.
func movable(t *testing.T, p *local.Platform) tenant {
	t.Helper()
	slug := "m" + strings.ToLower(rand.Text()[:12])
	body := fmt.Sprintf(`{"organization":"Org %s","slug":%q,"plan":"team","owner":{"name":"Olga","email":"owner@%s.example"}}`, slug, slug, slug)
	status, answer := send(t, request{
		method: "POST", url: p.State().Endpoints.ControlPlane.URL + "/v1/signups", body: body, header: map[string]string{"Idempotency-Key": rand.Text()},
	})
	if status != http.StatusCreated {
		t.Fatalf("sign-up: %d %s", status, answer)
	}
	return tenantOf(t, answer)
}

func otherCell(cell string) string {
	return map[string]string{"cell-a": "cell-b", "cell-b": "cell-a"}[cell]
}

// move is a migration as the control plane's API shows it.
type move struct {
	ID          string   `json:"id"`
	Phase       string   `json:"phase"`
	Stage       string   `json:"stage"`
	Failure     string   `json:"failure"`
	Verified    *bool    `json:"verified"`
	Pause       *float64 `json:"pause_ms"`
	Predicted   *float64 `json:"predicted_pause_ms"`
	ReturnPause *float64 `json:"rollback_pause_ms"`
}

func order(t *testing.T, p *local.Platform, method, path, body string) (m move) {
	t.Helper()
	status, answer := operator(t, p, method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if err := json.Unmarshal(answer, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func beginMove(t *testing.T, p *local.Platform, x tenant, target string) move {
	t.Helper()
	return order(t, p, "POST", "/v1/migrations", fmt.Sprintf(`{"tenant_id":%q,"target":%q,"terms":{"reason":"test"}}`, x.ID, target))
}

// awaitPhase waits until the migration is in a phase; another end fails the test.
func awaitPhase(t *testing.T, p *local.Platform, id, phase string) (m move) {
	t.Helper()
	testkit.Eventually(t, "the migration to be "+phase, func() bool {
		m = order(t, p, "GET", "/v1/migrations/"+id, "")
		if m.Phase != phase && slices.Contains([]string{"aborted", "completed", "rolled_back"}, m.Phase) {
			t.Fatalf("the migration is %s: %s", m.Phase, m.Failure)
		}
		return m.Phase == phase
	})
	return m
}

// clients write and read through a router, and keep a ledger of what was
// acknowledged. Every request must succeed, and every read must find what was
// acknowledged before it began.
type clients struct {
	t *testing.T
	p *local.Platform
	x tenant

	mu      sync.Mutex
	ledger  []string // ids of acknowledged workspaces
	failed  []string
	longest time.Duration // between two acknowledged writes of one writer
	stop    context.CancelFunc
	all     sync.WaitGroup
}

func startClients(t *testing.T, p *local.Platform, x tenant, writers int) *clients {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	c := &clients{t: t, p: p, x: x, stop: cancel}
	for i := range writers {
		region := []string{us, eu}[i%2]
		c.all.Go(func() { c.write(ctx, region, i) })
	}
	c.all.Go(func() { c.read(ctx) })
	return c
}

func (c *clients) try(region, method, path, body string) (int, []byte) {
	status, _, answer, err := trySend(context.Background(), request{
		method: method, url: c.p.State().Endpoints.Routers[region].URL + path, host: c.x.Slug + ".localhost", body: body, key: c.x.Key,
	})
	if err != nil {
		return 0, []byte(err.Error())
	}
	return status, answer
}

func (c *clients) fail(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failed) < 20 {
		c.failed = append(c.failed, fmt.Sprintf(format, args...))
	}
}

func (c *clients) write(ctx context.Context, region string, writer int) {
	last := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		status, answer := c.try(region, "POST", "/v1/workspaces", fmt.Sprintf(`{"name":"Writer %d, write %d"}`, writer, n))
		var made struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(answer, &made); status != http.StatusCreated || err != nil || made.ID == "" {
			c.fail("write through %s: %d %s", region, status, answer)
		} else {
			c.mu.Lock()
			c.ledger = append(c.ledger, made.ID)
			c.longest, last = max(c.longest, time.Since(last)), time.Now()
			c.mu.Unlock()
		}
		pause(ctx, writePause)
	}
}

// writePause keeps the clients below the limits of the tenant's plan.
const writePause = 25 * time.Millisecond

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (c *clients) read(ctx context.Context) {
	for ; ctx.Err() == nil; pause(ctx, writePause) {
		c.mu.Lock()
		id := ""
		if n := len(c.ledger); n > 0 {
			id = c.ledger[n-1]
		}
		c.mu.Unlock()
		if id == "" {
			continue
		}
		if status, answer := c.try(us, "GET", "/v1/workspaces/"+id, ""); status != http.StatusOK {
			c.fail("read of an acknowledged write: %d %s", status, answer)
		}
	}
}

// end stops the clients and reports what they saw.
func (c *clients) end() {
	c.t.Helper()
	c.stop()
	c.all.Wait()
	for _, f := range c.failed {
		c.t.Error(f)
	}
	for _, id := range c.ledger {
		if status, answer := c.try(eu, "GET", "/v1/workspaces/"+id, ""); status != http.StatusOK {
			c.t.Fatalf("an acknowledged write is lost: %d %s", status, answer)
		}
	}
	c.t.Logf("%d writes acknowledged, the longest gap of a writer was %s", len(c.ledger), c.longest.Round(time.Millisecond))
}

func cellOf(t *testing.T, p *local.Platform, x tenant) (cell string, epoch int) {
	t.Helper()
	status, answer := operator(t, p, "GET", "/v1/tenants/"+x.ID, "")
	var got struct {
		Cell  string `json:"cell"`
		Epoch int    `json:"epoch"`
	}
	if err := json.Unmarshal(answer, &got); status != http.StatusOK || err != nil {
		t.Fatalf("%d %s", status, answer)
	}
	return got.Cell, got.Epoch
}

func millis(ms *float64) string {
	if ms == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f ms", *ms)
}

// A tenant moves to another cell and is rolled back while it works: no request
// fails, and no acknowledged write is lost.
func TestATenantMovesThereAndBackWhileItWorks(t *testing.T) {
	p := platform(t)
	x := movable(t, p)
	eventuallyServed(t, p, x, us)
	source, target := x.Cell, otherCell(x.Cell)
	c := startClients(t, p, x, 4)
	m := beginMove(t, p, x, target)
	there := awaitPhase(t, p, m.ID, "settling")
	if cell, epoch := cellOf(t, p, x); cell != target || epoch != 2 || there.Verified == nil || !*there.Verified {
		t.Errorf("lives in %s at epoch %d, verified: %v", cell, epoch, there.Verified)
	}
	t.Logf("pause of the way there: %s, predicted %s", millis(there.Pause), millis(there.Predicted))
	order(t, p, "POST", "/v1/migrations/"+m.ID+"/rollback", `{"reason":"test"}`)
	back := awaitPhase(t, p, m.ID, "rolled_back")
	if cell, epoch := cellOf(t, p, x); cell != source || epoch != 3 {
		t.Errorf("lives in %s at epoch %d", cell, epoch)
	}
	t.Logf("pause of the way back: %s", millis(back.ReturnPause))
	c.end()
	departed(t, p, target, x)
}

// departed waits until all that the cell holds of a tenant that left is its
// fence and gate, which answer 421, and which imports ended, lest one be
// repeated. What it used last is carried after it within seconds.
func departed(t *testing.T, p *local.Platform, cell string, x tenant) {
	t.Helper()
	stays := []string{"public.tenants", "public.tenant_gate", "public.ended_imports"}
	testkit.EventuallyOK(t, "the tenant to be gone from "+cell, func() error {
		held := rowsByTable(t, p.State().Endpoints.Cells[cell].SuperDatabaseURL, x.ID)
		maps.DeleteFunc(held, func(table string, _ int) bool { return slices.Contains(stays, table) })
		if len(held) > 0 {
			return fmt.Errorf("left: %v", held)
		}
		return nil
	})
}

// A request with an Idempotency-Key takes effect once, also if it is repeated
// in another cell; and the move's certificate is there.
func TestAnIdempotencyKeySurvivesAMove(t *testing.T) {
	p := platform(t)
	x := movable(t, p)
	eventuallyServed(t, p, x, us)
	post := func() (int, string) {
		status, body := send(t, request{
			method: "POST", url: p.State().Endpoints.Routers[us].URL + "/v1/workspaces", host: x.Slug + ".localhost", key: x.Key,
			body: `{"name":"Once"}`, header: map[string]string{"Idempotency-Key": "once-" + x.ID},
		})
		return status, string(body)
	}
	first, firstBody := post()
	m := beginMove(t, p, x, otherCell(x.Cell))
	awaitPhase(t, p, m.ID, "settling")
	again, againBody := post()
	if first != http.StatusCreated || again != first || againBody != firstBody {
		t.Errorf("first %d %s; in the other cell %d %s", first, firstBody, again, againBody)
	}
	if status, certificate := operator(t, p, "GET", "/v1/migrations/"+m.ID+"/certificate", ""); status != http.StatusOK || !strings.Contains(string(certificate), `"workspaces"`) {
		t.Errorf("certificate: %d %s", status, certificate)
	}
	order(t, p, "POST", "/v1/migrations/"+m.ID+"/finish", "")
	awaitPhase(t, p, m.ID, "completed")
	departed(t, p, x.Cell, x)
	if status, body := x.call(t, p, eu, "GET", "/v1/organization", ""); status != http.StatusOK {
		t.Errorf("after the clean-up: %d %s", status, body)
	}
}
