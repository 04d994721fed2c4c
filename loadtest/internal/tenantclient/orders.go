package tenantclient

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// OrderLoad is how many jobs a tenant's users ask for, a second. A refused or
// unanswered request is repeated, with the same Idempotency-Key, for as long as
// users are patient.
type OrderLoad struct {
	Reports     int
	Invitations int
}

// Orders are users who ask for jobs, from Start to Stop, and remember which of
// them were acknowledged.
type Orders struct {
	tenant *Tenant
	load   OrderLoad
	unique string
	busy   sync.WaitGroup
	stop   context.CancelFunc

	until context.Context //nolint:containedctx // ends all patience

	mu          sync.Mutex
	open        int
	reports     Asked
	invitations Asked
}

// Asked is what users asked for, and of what was acknowledged the answer's id
// or the address.
type Asked struct {
	Times        int
	Acknowledged []string
	GivenUp      error // one of the orders that were given up, if any was
}

// NewOrders returns users who have not asked for anything yet.
func NewOrders(t *Tenant, load OrderLoad) *Orders {
	return &Orders{tenant: t, load: load, unique: fmt.Sprintf("%x", time.Now().UnixNano())}
}

// Start lets them ask until Stop. What is under way then is waited for, unless
// ctx has ended.
func (o *Orders) Start(ctx context.Context) {
	o.until = ctx
	ctx, o.stop = context.WithCancel(ctx)
	every(ctx, &o.busy, o.load.Reports, o.report)
	every(ctx, &o.busy, o.load.Invitations, o.invite)
}

// Stop ends new orders and waits until those under way were acknowledged, or
// their users lost patience.
func (o *Orders) Stop() {
	o.stop()
	o.busy.Wait()
}

// Reports returns the orders of reports; what was acknowledged are their jobs.
func (o *Orders) Reports() Asked { return o.copyOf(&o.reports) }

// Invitations returns the orders of invitations; what was acknowledged are
// their addresses.
func (o *Orders) Invitations() Asked { return o.copyOf(&o.invitations) }

func (o *Orders) copyOf(a *Asked) Asked {
	o.mu.Lock()
	defer o.mu.Unlock()
	return Asked{Times: a.Times, Acknowledged: slices.Clone(a.Acknowledged), GivenUp: a.GivenUp}
}

// orderPatience is longer than anything here is away.
const orderPatience = 3 * time.Minute

func (o *Orders) report(n int, _ time.Time) {
	var job created
	key := fmt.Sprintf("report-%s-%d", o.unique, n)
	o.order(&o.reports, "/v1/reports", key, map[string]string{"format": "csv"}, &job, &job.ID)
}

func (o *Orders) invite(n int, _ time.Time) {
	email := fmt.Sprintf("guest-%d-%s@%s.example", n, o.unique, o.tenant.Slug)
	o.order(&o.invitations, "/v1/invitations", email, map[string]string{"email": email, "role": "viewer"}, nil, &email)
}

// mostOpen bounds how many orders wait for an answer at once. While nothing
// answers, users wait with new ones: many who repeat theirs would be a storm.
const mostOpen = 40

// order asks again and again, and notes what was acknowledged.
func (o *Orders) order(asked *Asked, path, once string, body map[string]string, answer any, acknowledged *string) {
	full := false
	o.note(func() {
		if full = o.open == mostOpen; !full {
			o.open++
			asked.Times++
		}
	})
	if full {
		return
	}
	ctx, cancel := context.WithTimeout(o.until, orderPatience)
	defer cancel()
	err := o.tenant.settle(ctx, http.MethodPost, path, once, body, answer)
	o.note(func() {
		o.open--
		if err != nil {
			asked.GivenUp = err
			return
		}
		asked.Acknowledged = append(asked.Acknowledged, *acknowledged)
	})
}

func (o *Orders) note(what func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	what()
}
