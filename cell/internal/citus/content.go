package citus

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// Content is every row of one tenant in one snapshot. It is valid only within
// the function that it was given to, and for one use at a time.
type Content struct {
	tx      pgx.Tx
	fence   cell.Fence
	plan    string
	shapes  []shape
	secrets bool
}

// longRead lifts what bounds a request of a tenant: whoever reads a whole
// tenant may be slow to take it.
var longRead = []string{`SET LOCAL statement_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = '5min'`}

// ReadContent gives the function everything of a tenant, secrets too, behind
// the fence: what is neither live, frozen nor sealed is not here to be read.
func (m *Mover) ReadContent(ctx context.Context, id tenancy.ID, read func(*Content) error) error {
	err := pg.InTx(ctx, m.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return readContent(ctx, tx, &cell.Call{Tenant: id, System: true}, true, read)
	})
	return translate(err, nil)
}

// ReadContent gives the function everything of the call's tenant but secrets,
// with the rights of the application's role: row-level security holds. The call
// is one of the cell itself.
func (s *Store) ReadContent(ctx context.Context, call *cell.Call, read func(*Content) error) error {
	if !call.System {
		return errors.New("whole tenants are read for the cell itself only")
	}
	err := pg.InTx(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return readContent(ctx, tx, call, false, read)
	})
	return translate(err, nil)
}

func readContent(ctx context.Context, tx pgx.Tx, call *cell.Call, secrets bool, read func(*Content) error) error {
	c := &Content{tx: tx, secrets: secrets}
	b := &pgx.Batch{}
	b.Queue("SET LOCAL app.tenant_id = '" + call.Tenant.String() + "'")
	for _, setting := range append(longRead, canonical...) {
		b.Queue(setting)
	}
	b.Queue(`SELECT t.slug, t.state, t.epoch, coalesce(t.moved_to, ''), coalesce(t.moved_epoch, 0), coalesce(o.plan, '')
		FROM tenants t LEFT JOIN organizations o ON o.tenant_id = t.tenant_id WHERE t.tenant_id = $1`, call.Tenant.String()).
		QueryRow(func(r pgx.Row) error {
			c.fence.TenantID = call.Tenant
			err := r.Scan(&c.fence.Slug, &c.fence.State, &c.fence.Epoch, &c.fence.MovedTo, &c.fence.MovedEpoch, &c.plan)
			if errors.Is(err, pgx.ErrNoRows) {
				return fault.New(fault.NotFound, "the cell does not hold this tenant")
			}
			return err
		})
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if err := c.fence.CheckRead(call.Epoch); err != nil {
		return err
	}
	var err error
	if c.shapes, err = tenantShapes(ctx, tx); err != nil {
		return err
	}
	return read(c)
}

// Fence is the tenant's fence in the snapshot.
func (c *Content) Fence() cell.Fence { return c.fence }

// Plan is the plan that the tenant's organization is on.
func (c *Content) Plan() string { return c.plan }

// Sections are the tenant's tables in the order in which their rows can be put
// back.
func (c *Content) Sections() []cell.Section {
	sections := make([]cell.Section, len(c.shapes))
	for i, s := range c.shapes {
		sections[i] = s.section(c.secrets)
	}
	return sections
}

// EachRow hands the text of every row of a section to the function, in the
// order of the primary key. The function must not keep it.
func (c *Content) EachRow(ctx context.Context, section cell.Section, each func(row []byte) error) error {
	s, err := shapeOf(c.shapes, section.Table)
	if err != nil {
		return err
	}
	return s.eachRow(ctx, c.tx, c.fence.TenantID, section, each)
}
