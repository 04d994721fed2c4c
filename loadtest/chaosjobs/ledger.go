package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

const (
	tenants = 4

	// restLimit is how long jobs may take to come to their ends after the last
	// kill: what was lost on the way is missed after a minute, and handed out again.
	restLimit = 4 * time.Minute
)

// load is what each tenant's users ask for.
var load = tenantclient.OrderLoad{Reports: 8, Invitations: 1}

// ledger knows what was asked for and acknowledged, and what came of it.
type ledger struct {
	fleet   *fleet.Fleet
	tenants []*tenantclient.Tenant
	orders  []*tenantclient.Orders
	mails   map[string]fleet.Mail // by the sink's ids
}

func newLedger(ctx context.Context, f *fleet.Fleet) (*ledger, error) {
	l := &ledger{fleet: f, mails: map[string]fleet.Mail{}}
	for range tenants {
		tenant, err := f.SignUp(ctx, home)
		if err != nil {
			return nil, err
		}
		l.tenants = append(l.tenants, tenant)
		l.orders = append(l.orders, tenantclient.NewOrders(tenant, load))
	}
	return l, nil
}

func (l *ledger) start(ctx context.Context) {
	for _, o := range l.orders {
		o.Start(ctx)
	}
}

// stop returns when every order was acknowledged or given up.
func (l *ledger) stop() {
	for _, o := range l.orders {
		o.Stop()
	}
}

func (l *ledger) asked() (n int) {
	for _, o := range l.orders {
		n += o.Reports().Times + o.Invitations().Times
	}
	return n
}

// collectMails notes what the sink has. It keeps the latest mails only, so it
// is looked at often.
func (l *ledger) collectMails(ctx context.Context) error {
	mails, err := l.fleet.Mails(ctx)
	for _, m := range mails {
		l.mails[m.ID] = m
	}
	return err
}

// awaitRest waits until no job is open. Its error says what still is.
func (l *ledger) awaitRest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restLimit)
	defer cancel()
	const every = 100 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		open, err := l.open(ctx)
		if err == nil && open == 0 {
			return l.collectMails(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d jobs are still open after %s (%w)", open, restLimit, err)
		case <-tick.C:
		}
	}
}

func (l *ledger) open(ctx context.Context) (sum int, err error) {
	for _, t := range l.tenants {
		for _, kind := range []string{reportKind, inviteKind} {
			_, open, err := l.fleet.JobCounts(ctx, home, t.ID, kind)
			if err != nil {
				return sum, err
			}
			sum += open
		}
	}
	return sum, nil
}
