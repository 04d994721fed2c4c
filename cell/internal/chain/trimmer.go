package chain

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// drawnAgain is how long a horizon stays at least: drawing one reads the whole log.
const drawnAgain = 24 * time.Hour

// Bounds of a turn's parts.
const (
	trimPage = 500  // tenants looked at in one query
	trimRows = 1000 // rows removed in one transaction
)

// Archive is where the logs of all tenants begin. It is an interface because
// use-cases do not know the database.
type Archive interface {
	// LeadTrimming returns nil without an error while another process trims.
	LeadTrimming(ctx context.Context) (Leadership, error)
	// LogBeginnings lists tenants that may be written, after the given one, in
	// the order of ids.
	LogBeginnings(ctx context.Context, after tenancy.ID, limit int) ([]cell.LogBeginning, error)
	// DrawHorizon replaces the one before by the next, behind the tenant's fence. It
	// returns false if it may not be written now, or if it has another horizon.
	DrawHorizon(ctx context.Context, before, next cell.Horizon) (bool, error)
	// RemoveBehindHorizon removes about limit entries, the first ones, with their
	// links and checkpoints, behind the tenant's fence. It returns whether more
	// are to go, and may.
	RemoveBehindHorizon(ctx context.Context, tenant tenancy.ID, limit int) (more bool, err error)
}

// Trimmer removes from the logs' beginnings what plans keep no longer: first it
// signs where a log begins from then on, and when that is durable it removes
// what is before. It may be killed anywhere and goes on with its next turn.
type Trimmer struct {
	Archive Archive
	Read    func(*cell.Call) Reader
	Signer  *Signer
	Keeps   func(plan string) time.Duration
	Clock   func() time.Time
	Log     *slog.Logger
	Refused prometheus.Counter // horizons that were not drawn since the log is not intact
}

// NewRefusedCounter returns the metric of logs that are not shortened.
func NewRefusedCounter(registry prometheus.Registerer) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "cell_audit_untrimmed_total", Help: "How often an audit log was found not to be intact when its beginning was to be removed.",
	})
	registry.MustRegister(c)
	return c
}

// RunOnce looks at every tenant once, or returns at once if another process
// does. What fails for one tenant is logged and keeps the others from nothing.
func (t Trimmer) RunOnce(ctx context.Context) error {
	leadership, err := t.Archive.LeadTrimming(ctx)
	if err != nil || leadership == nil {
		return err
	}
	defer leadership.Resign()
	var after tenancy.ID
	for {
		beginnings, err := t.Archive.LogBeginnings(ctx, after, trimPage)
		if err != nil {
			return fmt.Errorf("look where logs begin: %w", err)
		}
		for _, b := range beginnings {
			after = b.Tenant
			if err := t.trim(ctx, b); err != nil {
				t.Log.WarnContext(ctx, "an audit log keeps what its plan does not", "tenant", b.Tenant, "error", err)
			}
		}
		if len(beginnings) < trimPage {
			return nil
		}
		if err := leadership.Held(ctx); err != nil {
			return err
		}
	}
}

func (t Trimmer) trim(ctx context.Context, b cell.LogBeginning) error {
	now := t.Clock()
	before := now.Add(-t.Keeps(b.Plan))
	left := !b.Removed
	if !b.Next.IsZero() && b.Next.Before(before) && now.Sub(b.Drawn) >= drawnAgain {
		drawn, err := t.draw(ctx, b, before)
		if err != nil {
			return err
		}
		left = left || drawn
	}
	for left {
		var err error
		if left, err = t.Archive.RemoveBehindHorizon(ctx, b.Tenant, trimRows); err != nil {
			return err
		}
	}
	return nil
}

// draw moves the horizon to the last checkpoint of which everything is old
// enough. The log is verified first: one that was tampered with is evidence and
// stays as it is.
func (t Trimmer) draw(ctx context.Context, b cell.LogBeginning, before time.Time) (bool, error) {
	call := &cell.Call{Tenant: b.Tenant, System: true, RequestID: "audit-trimmer"}
	report, err := Verify(ctx, t.Read(call), Options{PublicKey: t.Signer.PublicKey(), Before: before})
	if err != nil {
		return false, fmt.Errorf("verify the log: %w", err)
	}
	if !report.Intact() {
		t.Refused.Inc()
		t.Log.ErrorContext(ctx, "the audit log is not intact; nothing of it is removed", "tenant", b.Tenant, "finding", report.Findings[0].Kind, "text", report.Findings[0].Text)
		return false, nil
	}
	if report.Cut.Checkpoint.No <= report.Horizon.Checkpoint {
		return false, nil
	}
	drawn, err := t.Archive.DrawHorizon(ctx, report.Horizon, t.Signer.Draw(b.Tenant, report.Cut, before))
	if err != nil {
		return false, fmt.Errorf("store where the log begins: %w", err)
	}
	return drawn, nil
}
