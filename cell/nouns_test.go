package cell_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
)

func TestFenceJudgesEpochs(t *testing.T) {
	t.Parallel()
	departed := cell.Fence{State: cell.Departed, Epoch: 3, MovedTo: "cell-b", MovedEpoch: 4}
	for _, c := range []struct {
		name  string
		fence cell.Fence
		epoch uint64
		want  string
	}{
		{"nothing here", cell.Fence{}, 1, cellapi.StateAbsent},
		{"current", cell.Fence{State: cell.Live, Epoch: 3}, 3, ""},
		{"stale router", cell.Fence{State: cell.Live, Epoch: 3}, 1, ""},
		{"cell is behind", cell.Fence{State: cell.Live, Epoch: 3}, 4, cellapi.StateUnknownEpoch},
		{"departed", departed, 3, cellapi.StateDeparted},
		{"sent back to where it left", departed, 4, cellapi.StateDeparted},
		{"came back, and the cell does not know", departed, 5, cellapi.StateUnknownEpoch},
		{"importing", cell.Fence{State: cell.Importing, Epoch: 3}, 3, cellapi.StateImporting},
	} {
		for _, err := range []error{c.fence.CheckRead(c.epoch), c.fence.CheckWrite(c.epoch)} {
			var refused *cell.Refused
			if errors.As(err, &refused) != (c.want != "") || refused != nil && refused.TenantState != c.want {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
	}
}

func TestRolesGrow(t *testing.T) {
	t.Parallel()
	all := []cell.Permission{
		cell.OrganizationRead, cell.OrganizationWrite, cell.UsersRead, cell.UsersWrite, cell.WorkspacesRead, cell.WorkspacesWrite,
		cell.ProjectsRead, cell.ProjectsWrite, cell.AuditRead, cell.JobsRead,
	}
	roles := []cell.Role{cell.Viewer, cell.Member, cell.Admin, cell.Owner}
	for _, p := range all {
		for i := 1; i < len(roles); i++ {
			if roles[i-1].Has(p) && !roles[i].Has(p) {
				t.Errorf("%s has %s and %s has not", roles[i-1], p, roles[i])
			}
		}
		if !cell.Owner.Has(p) || cell.Role("root").Has(p) || cell.Role("").Has(p) {
			t.Errorf("%s: an owner lacks it or a stranger has it", p)
		}
	}
	for _, p := range []cell.Permission{cell.OrganizationWrite, cell.UsersWrite, cell.WorkspacesWrite, cell.ProjectsWrite} {
		if cell.Viewer.Has(p) {
			t.Errorf("a viewer has %s", p)
		}
	}
	if cell.Admin.MayManage(cell.Owner) || cell.Member.MayManage(cell.Viewer) || !cell.Owner.MayManage(cell.Owner) || !cell.Admin.MayManage(cell.Admin) {
		t.Error("who may manage whom")
	}
}

func TestPageOf(t *testing.T) {
	t.Parallel()
	rows := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	self := func(id uuid.UUID) uuid.UUID { return id }
	if p := cell.PageOf(rows, 3, self); len(p.Items) != 3 || p.Next != uuid.Nil {
		t.Errorf("last page: %+v", p)
	}
	if p := cell.PageOf(rows, 2, self); len(p.Items) != 2 || p.Next != rows[1] {
		t.Errorf("first page: %+v", p)
	}
}

func TestContentHashTellsArrivalsApart(t *testing.T) {
	t.Parallel()
	a := cell.Arrival{Organization: "a", OwnerName: "b"}
	b := cell.Arrival{Organization: "ab"}
	again := a
	if string(a.ContentHash()) == string(b.ContentHash()) || string(a.ContentHash()) != string(again.ContentHash()) {
		t.Error("content hash")
	}
}
