package migration

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// checker looks whether a tenant can move, and changes nothing.
type checker struct {
	parties Exports
	fence   Fence
	cells   Cells
	clock   func() time.Time
}

// check says why the tenant cannot move to the target at the moment, or what
// it would carry. reserved is whether its place in the target is counted already.
func (c checker) check(ctx context.Context, t controlplane.Tenant, target string, reserved bool) (size controlplane.TenantSize, err error) {
	cell, err := c.cells.Get(ctx, target)
	if fault.CodeOf(err) == fault.NotFound {
		return size, fault.New(fault.NotFound, "there is no cell %s", target).At("/target", "'cellctl cell ls' lists the cells")
	}
	if err != nil {
		return size, err
	}
	if reserved {
		cell.AssignedTenants--
	}
	if err := t.CheckMigration(cell, c.clock()); err != nil {
		return size, err
	}
	there, err := c.parties.TransferInfo(ctx, t.Cell)
	if err != nil {
		return size, err
	}
	here, err := c.parties.TransferInfo(ctx, target)
	if err != nil {
		return size, err
	}
	if err := controlplane.CheckTransfer(there, here); err != nil {
		return size, err
	}
	size, err = c.fence.Size(ctx, t.Cell, t.TenantID)
	if fault.CodeOf(err) == fault.NotFound {
		return size, fault.Wrap(err, fault.Conflict, "the cell %s does not hold the tenant, against what the directory says", t.Cell)
	}
	if err == nil && (size.Epoch != t.Epoch || size.State != fenceLive && size.State != fenceFrozen) {
		err = fault.New(fault.Conflict, "the tenant is %s at epoch %d in %s, and the directory says epoch %d; settle that first", size.State, size.Epoch, t.Cell, t.Epoch)
	}
	return size, err
}

// preflight checks a migration again when its turn has come.
func (v *move) preflight(ctx context.Context) error {
	t, err := v.Tenants.Get(ctx, v.m.TenantID)
	if err != nil {
		return err
	}
	if t.Cell != v.m.Source || t.Epoch != v.m.Epoch {
		return fault.New(fault.Conflict, "the tenant is in %s at epoch %d, no longer where it was", t.Cell, t.Epoch)
	}
	c := checker{v.Parties, v.Parties, v.Cells, v.Clock}
	v.m.Record.Size, err = c.check(ctx, t, v.m.Target, true)
	return err
}

// certify signs what was done and stores it, once.
func (v *move) certify(ctx context.Context, m controlplane.Migration) error {
	signed, err := v.Key.Sign(controlplane.Certify(m, v.Clock()))
	if err != nil {
		return err
	}
	document, err := json.Marshal(signed)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return v.Certificates.SetCertificate(ctx, v.m, document)
}
