package billing_test

import (
	"context"
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/billing"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// gate lets in or refuses, and counts what is noted.
type gate struct {
	refuses error
	noted   int
}

func (g *gate) Identify(context.Context, *cell.Call) (cell.Actor, error) {
	return cell.Actor{}, g.refuses
}

func (g *gate) Note(context.Context, *cell.Call, cell.AuditEntry) error { g.noted++; return nil }

// asked counts requests to the control plane.
type asked int

func (a *asked) Ask(context.Context, string, string, any, any) error { *a++; return nil }

func TestACellThatStandsAloneBillsNothing(t *testing.T) {
	t.Parallel()
	g := &gate{}
	_, err := billing.Desk{Store: g}.Portal(t.Context(), &cell.Call{Tenant: tenancy.NewID()}, "https://a.example/")
	if fault.CodeOf(err) != fault.Unavailable || g.noted != 0 {
		t.Errorf("%v, noted %d", err, g.noted)
	}
}

// Nothing is asked for who may not, nor noted.
func TestWhoMayNotAsksNothing(t *testing.T) {
	t.Parallel()
	g, plane := &gate{refuses: fault.New(fault.Forbidden, "no")}, new(asked)
	_, err := billing.Desk{Store: g, ControlPlane: plane}.Portal(t.Context(), &cell.Call{Tenant: tenancy.NewID()}, "https://a.example/")
	if fault.CodeOf(err) != fault.Forbidden || *plane != 0 || g.noted != 0 {
		t.Errorf("%v, asked %d times, noted %d", err, *plane, g.noted)
	}
}
