package directory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	usecase "github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// contested is a store in which somebody else changes the tenant in between,
// the first few times.
type contested struct {
	usecase.TenantStore
	tenant  controlplane.Tenant
	rivals  int
	updates int
}

func (c *contested) Get(context.Context, tenancy.ID) (controlplane.Tenant, error) {
	return c.tenant, nil
}

func (c *contested) Update(_ context.Context, next controlplane.Tenant, _ string) (controlplane.Tenant, error) {
	c.updates++
	if c.rivals > 0 {
		c.rivals--
		c.tenant.Version++
	}
	if next.Version != c.tenant.Version {
		return next, fault.New(fault.Stale, "changed")
	}
	next.Version++
	c.tenant = next
	return next, nil
}

func TestAChangeIsAppliedAgainAfterARival(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rivals  int
		version uint64
		code    fault.Code
		updates int
	}{
		{0, usecase.AnyVersion, "", 1},
		{2, usecase.AnyVersion, "", 3},
		{99, usecase.AnyVersion, fault.Stale, 5},
		{0, 7, "", 1},
		{1, 7, fault.Stale, 1},
		{0, 6, fault.Stale, 0},
	} {
		store := &contested{rivals: c.rivals, tenant: controlplane.Tenant{Assignment: directory.Assignment{State: directory.Active, Version: 7}}}
		got, err := usecase.Tenants{TenantStore: store, Clock: time.Now}.Suspend(t.Context(), tenancy.NewID(), "", c.version)
		if fault.CodeOf(err) != c.code || store.updates != c.updates || err == nil && got.State != directory.Suspended {
			t.Errorf("%+v: %v after %d updates, %v", c, got.State, store.updates, err)
		}
	}
}

// quiet is a log in which nothing happens until it is told.
type quiet struct {
	usecase.Log
	next  chan struct{}
	asked chan struct{}
	run   directory.Changes
	err   error
}

func (q *quiet) Changed() <-chan struct{} { return q.next }

func (q *quiet) Changes(context.Context, uint64, int) (directory.Changes, error) {
	run, err := q.run, q.err
	select {
	case q.asked <- struct{}{}: // from now on the test may change them
	default:
	}
	return run, err
}

func TestAwait(t *testing.T) {
	t.Parallel()
	one := directory.Changes{Changes: []directory.Change{{Version: 1}}}
	gone := fault.New(fault.Gone, "pruned")
	for _, c := range []struct {
		name string
		run  directory.Changes
		err  error
		wait time.Duration
		end  func(q *quiet, stop chan struct{}, cancel func())
		want error
		n    int
	}{
		{"there already", one, nil, time.Hour, nil, nil, 1},
		{"no wait", directory.Changes{}, nil, 0, nil, nil, 0},
		{"pruned", directory.Changes{}, gone, time.Hour, nil, gone, 0},
		{"time is over", directory.Changes{}, nil, time.Millisecond, nil, nil, 0},
		{"server drains", directory.Changes{}, nil, time.Hour, func(_ *quiet, stop chan struct{}, _ func()) { close(stop) }, nil, 0},
		{"client is gone", directory.Changes{}, nil, time.Hour, func(_ *quiet, _ chan struct{}, cancel func()) { cancel() }, context.Canceled, 0},
		{"a change", directory.Changes{}, nil, time.Hour, func(q *quiet, _ chan struct{}, _ func()) { q.run = one; close(q.next) }, nil, 1},
	} {
		q := &quiet{next: make(chan struct{}), asked: make(chan struct{}, 1), run: c.run, err: c.err}
		ctx, cancel := context.WithCancel(t.Context())
		stop, done := make(chan struct{}), make(chan struct{})
		var run directory.Changes
		var err error
		go func() {
			defer close(done)
			run, err = usecase.Reader{Log: q, Announcer: q}.Await(ctx, 0, 10, c.wait, stop)
		}()
		<-q.asked
		if c.end != nil {
			c.end(q, stop, cancel)
		}
		<-done
		cancel()
		if !errors.Is(err, c.want) || len(run.Changes) != c.n {
			t.Errorf("%s: %+v, %v", c.name, run, err)
		}
	}
}
