package cells

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Door is a cell's internal door, as far as a smoke test goes through it: what a
// sign-up calls, and two looks. An interface so that a test can break each step.
type Door interface {
	TransferInfo(ctx context.Context, cell string) (controlplane.TransferInfo, error)
	Prepare(ctx context.Context, cell string, r controlplane.Resident) error
	Activate(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error
	Size(ctx context.Context, cell string, id tenancy.ID) (controlplane.TenantSize, error)
	Remove(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error
}

// The tenant of a smoke test has one epoch, and a fence that ends up live.
const (
	smokeEpoch    = 1
	smokeLive     = "live"
	removeTimeout = 20 * time.Second
)

// SmokeTest tries a cell out with a tenant of its own, which no directory knows
// and which is removed whatever happens. After a step that fails the later ones
// are not tried. Faults: not_found, conflict (the cell is retired).
func (s Service) SmokeTest(ctx context.Context, id string) (controlplane.SmokeTest, error) {
	c, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return controlplane.SmokeTest{}, err
	case c.State == directory.CellRetired:
		return controlplane.SmokeTest{}, fault.New(fault.Conflict, "the cell is retired; there is nothing to try out")
	}
	var t trial
	t.step("heartbeat", s.Clock, func() (string, error) { return s.heard(c) })
	t.step("door", s.Clock, func() (string, error) { return s.doorInfo(ctx, id) })
	resident := s.smokeResident()
	prepared := t.step("prepare", s.Clock, func() (string, error) {
		return "tenant " + resident.TenantID.String(), s.Door.Prepare(ctx, id, resident)
	})
	t.step("activate", s.Clock, func() (string, error) {
		return "the tenant is open", s.Door.Activate(ctx, id, resident.TenantID, smokeEpoch)
	})
	t.step("inspect", s.Clock, func() (string, error) { return s.inspect(ctx, id, resident.TenantID) })
	if prepared {
		t.failed = false // also after a step that failed
		t.step("remove", s.Clock, func() (string, error) {
			// Whoever asked may have gone; the tenant must go all the same.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
			defer cancel()
			return "the tenant is gone", s.Door.Remove(ctx, id, resident.TenantID, smokeEpoch)
		})
	}
	return t.SmokeTest, nil
}

// trial makes checks until one fails.
type trial struct {
	controlplane.SmokeTest
	failed bool
}

// step makes one check, unless an earlier one failed; it reports whether the check
// was made.
func (t *trial) step(name string, clock func() time.Time, try func() (string, error)) bool {
	if t.failed {
		return false
	}
	began := clock()
	detail, err := try()
	if err != nil {
		t.failed, detail = true, err.Error()
	}
	t.Checks = append(t.Checks, controlplane.SmokeCheck{Name: name, Passed: err == nil, Detail: detail, Took: clock().Sub(began)})
	return true
}

func (s Service) heard(c controlplane.Cell) (string, error) {
	now := s.Clock()
	if c.Heartbeat.At.IsZero() {
		return "", fault.New(fault.Unavailable, "the cell has never been heard of")
	}
	ago := now.Sub(c.Heartbeat.At).Round(time.Second)
	if !c.Healthy(now) {
		return "", fault.New(fault.Unavailable, "the cell was last heard of %s ago", ago)
	}
	return fmt.Sprintf("heard of %s ago, %d places", ago, c.CapacityTenants), nil
}

func (s Service) doorInfo(ctx context.Context, id string) (string, error) {
	info, err := s.Door.TransferInfo(ctx, id)
	switch {
	case err != nil:
		return "", err
	case info.Cell != id:
		return "", fault.New(fault.Conflict, "at its internal endpoint answers %q", info.Cell)
	case len(info.Problems) > 0:
		return "", fault.New(fault.Conflict, "no tenant could be moved: %s", strings.Join(info.Problems, "; "))
	}
	return fmt.Sprintf("schema %d, %d tables", info.SchemaVersion, len(info.Tables)), nil
}

func (s Service) inspect(ctx context.Context, id string, tenant tenancy.ID) (string, error) {
	size, err := s.Door.Size(ctx, id, tenant)
	switch {
	case err != nil:
		return "", err
	case size.State != smokeLive || size.Epoch != smokeEpoch:
		return "", fault.New(fault.Conflict, "the tenant is %s at epoch %d, not %s at %d", size.State, size.Epoch, smokeLive, smokeEpoch)
	}
	return fmt.Sprintf("%s, %d rows", size.State, size.Rows), nil
}

// smokeResident is a tenant that nobody can log in to: no key has its hash. Its
// name is its own, so that two tests at once do not meet.
func (s Service) smokeResident() controlplane.Resident {
	id := tenancy.NewID()
	return controlplane.Resident{
		TenantID: id, Slug: tenancy.Slug("smoke-" + hex.EncodeToString(id[8:])), Epoch: smokeEpoch, Plan: controlplane.DefaultPlan,
		Organization: "Smoke test", Owner: controlplane.Owner{Name: "Smoke test", Email: "smoke-test@" + s.Domain},
	}
}
