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
	viewer, member, admin, owner := cell.Viewer.Grant(nil), cell.Member.Grant(nil), cell.Admin.Grant(nil), cell.Owner.Grant(nil)
	roles := []cell.Grant{viewer, member, admin, owner}
	for _, p := range cell.Permissions() {
		for i := 1; i < len(roles); i++ {
			if roles[i-1].Has(p) && !roles[i].Has(p) {
				t.Errorf("%s has %s and %s has not", roles[i-1].Role, p, roles[i].Role)
			}
		}
		if !owner.Has(p) || cell.Role("root").Grant(nil).Has(p) || cell.Role("").Grant(nil).Has(p) {
			t.Errorf("%s: an owner lacks it or a stranger has it", p)
		}
	}
	for _, p := range []cell.Permission{cell.OrganizationWrite, cell.UsersWrite, cell.WorkspacesWrite, cell.ProjectsWrite} {
		if viewer.Has(p) {
			t.Errorf("a viewer has %s", p)
		}
	}
	if admin.MayManage(owner) || member.MayManage(viewer) || !owner.MayManage(owner) || !admin.MayManage(admin) {
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
