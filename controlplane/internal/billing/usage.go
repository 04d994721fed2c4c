package billing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

// UsageCells are the cells' records of usage. The consumer's own interface, so
// that tests can come between.
type UsageCells interface {
	UsageHeads(ctx context.Context, cell string, after controlplane.UsageHead, limit int) ([]controlplane.UsageHead, error)
	UsageRows(ctx context.Context, cell string, after controlplane.UsageHead, limit int) ([]controlplane.UsageRow, error)
}

// Ledger is where usage is added up.
type Ledger interface {
	// Behind returns those of the heads whose tenants live in the cell and whose
	// records were not all added, with the numbers up to which they were.
	Behind(ctx context.Context, cell string, heads []controlplane.UsageHead) ([]controlplane.UsageHead, error)
	// AddUsage adds units by meter, and moves the head from its number to
	// another. A fault (stale): it was not at that number.
	AddUsage(ctx context.Context, from controlplane.UsageHead, to int64, units map[string]int64) error
}

// AllCells lists the cells.
type AllCells interface {
	All(ctx context.Context) ([]controlplane.Cell, error)
}

const (
	headPage       = 5000
	rowPage        = 2000
	readersPerCell = 4
)

// Collector adds the cells' records to the ledger, each once. Any number may
// run: of two that add the same records, one is refused.
type Collector struct {
	Cells   AllCells
	Records UsageCells
	Ledger  Ledger
	Offered *plans.Catalogue
	Metrics *Metrics
}

// RunOnce adds what was recorded since. A cell that does not answer keeps only
// its own tenants' usage waiting.
func (c *Collector) RunOnce(ctx context.Context) error {
	cells, err := c.Cells.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for i := range cells {
		if err := c.collect(ctx, cells[i].ID); err != nil {
			errs = append(errs, fmt.Errorf("collect usage of cell %s: %w", cells[i].ID, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Collector) collect(ctx context.Context, cell string) error {
	var after controlplane.UsageHead
	for {
		heads, err := c.Records.UsageHeads(ctx, cell, after, headPage)
		if err != nil || len(heads) == 0 {
			return err
		}
		behind, err := c.Ledger.Behind(ctx, cell, heads)
		if err != nil {
			return err
		}
		group, bounded := errgroup.WithContext(ctx)
		group.SetLimit(readersPerCell)
		for _, head := range behind {
			group.Go(func() error { return c.catchUp(bounded, cell, head) })
		}
		if err := group.Wait(); err != nil || len(heads) < headPage {
			return err
		}
		after = heads[len(heads)-1]
	}
}

// catchUp adds a tenant's records behind a number.
func (c *Collector) catchUp(ctx context.Context, cell string, from controlplane.UsageHead) error {
	for {
		rows, err := c.Records.UsageRows(ctx, cell, from, rowPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		units := map[string]int64{}
		for i, row := range rows {
			if row.Sequence != from.Sequence+int64(i)+1 {
				return fmt.Errorf("usage of tenant %s, epoch %d: record %d follows %d", from.Tenant, from.Epoch, row.Sequence, from.Sequence+int64(i))
			}
			if meter, ok := c.Offered.MeterOf(row.Metric); ok {
				units[meter.Name] += meter.Units(row.Quantity)
			}
		}
		to := rows[len(rows)-1].Sequence
		switch err := c.Ledger.AddUsage(ctx, from, to, units); {
		case fault.CodeOf(err) == fault.Stale:
			return nil // somebody else adds them
		case err != nil:
			return err
		}
		c.Metrics.records.Add(float64(len(rows)))
		if len(rows) < rowPage {
			return nil
		}
		from.Sequence = to
	}
}

// EventLedger is the ledger's other side.
type EventLedger interface {
	// CutUsage turns what is not yet allotted into events of this moment, or
	// waives it where nothing is billed; it returns how many totals it took.
	CutUsage(ctx context.Context, now time.Time, limit int) (int, error)
	// ClaimEvents leases pending events. The first claim of one is its first try.
	ClaimEvents(ctx context.Context, now, until time.Time, limit int) ([]controlplane.MeterEvent, error)
	// EventSent ends an event; one that is ended stays so.
	EventSent(ctx context.Context, e controlplane.MeterEvent) error
	// TryAfresh has a claimed event's first try be now.
	TryAfresh(ctx context.Context, e controlplane.MeterEvent, now time.Time) error
}

// MeterSender tells Stripe of usage.
type MeterSender interface {
	// SendUsage is idempotent within a day, by the event's identifier.
	SendUsage(ctx context.Context, e controlplane.MeterEvent) error
	// Arrived says whether Stripe has counted the event, by its sum of the
	// event's minute.
	Arrived(ctx context.Context, e controlplane.MeterEvent) (bool, error)
}

const (
	cutBatch      = 1000
	sendBatch     = 256
	sendersAtOnce = 8
	sendTimeout   = 30 * time.Second
	sendLease     = 2 * time.Minute // a batch of senders that all wait for their time
	// trusted is how long Stripe surely remembers an identifier: a day, less what
	// a request may take and clocks may differ.
	trusted = 23 * time.Hour
)

// Teller tells Stripe what was used.
type Teller struct {
	Ledger  EventLedger
	Stripe  MeterSender
	Metrics *Metrics
	Clock   func() time.Time
}

// RunOnce cuts what was used into events and sends what is pending.
func (t *Teller) RunOnce(ctx context.Context) error {
	for n := math.MaxInt; n >= cutBatch; {
		var err error
		if n, err = t.Ledger.CutUsage(ctx, t.Clock(), cutBatch); err != nil {
			return err
		}
	}
	for {
		now := t.Clock()
		due, err := t.Ledger.ClaimEvents(ctx, now, now.Add(sendLease), sendBatch)
		if err != nil {
			return err
		}
		failures := make([]error, len(due))
		var group errgroup.Group
		group.SetLimit(sendersAtOnce)
		for i, e := range due {
			group.Go(func() error {
				if err := t.tell(ctx, e); err != nil {
					failures[i] = fmt.Errorf("usage of tenant %s, meter %s: %w", e.Tenant, e.Meter, err)
				}
				return nil
			})
		}
		_ = group.Wait() // failures says it
		if err := errors.Join(failures...); err != nil || len(due) < sendBatch {
			return err
		}
	}
}

// tell sends one event. One that may have been sent longer ago than Stripe
// remembers is looked for first.
func (t *Teller) tell(ctx context.Context, e controlplane.MeterEvent) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if now := t.Clock(); now.Sub(e.FirstTry) > trusted {
		arrived, err := t.Stripe.Arrived(ctx, e)
		if err != nil {
			return err
		}
		if arrived {
			t.Metrics.events.WithLabelValues("found").Inc()
			return t.Ledger.EventSent(ctx, e)
		}
		if err := t.Ledger.TryAfresh(ctx, e, now); err != nil {
			return err
		}
	}
	if err := t.Stripe.SendUsage(ctx, e); err != nil {
		return err
	}
	t.Metrics.events.WithLabelValues("sent").Inc()
	return t.Ledger.EventSent(ctx, e)
}
