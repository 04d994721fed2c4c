package recovery_test

import (
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/recovery"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// held is a fence; departed ones went to cell-b under the epoch that follows.
func held(state string, epoch uint64) controlplane.Residence {
	r := controlplane.Residence{TenantID: tenancy.ID{1}, Slug: "acme", State: state, Epoch: epoch, Plan: "free", Organization: "Acme"}
	if state == "departed" {
		r.MovedTo, r.MovedEpoch = "cell-b", epoch+1
	}
	return r
}

func known(cell string, epoch uint64, state directory.State) *controlplane.Tenant {
	return &controlplane.Tenant{Assignment: directory.Assignment{TenantID: tenancy.ID{1}, Slug: "acme", Cell: cell, Epoch: epoch, State: state}}
}

// A fence of cell-a, by what the directory says of its tenant.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		fence    controlplane.Residence
		tenant   *controlplane.Tenant
		action   controlplane.FenceAction // "": none
		cell     string
		epoch    uint64
		lost     controlplane.LossKind // "": not
		disputed bool
	}{
		{"it lives here", held("live", 2), known("cell-a", 2, directory.Active), "", "", 0, "", false},
		{"suspended ones, too", held("live", 2), known("cell-a", 2, directory.Suspended), "", "", 0, "", false},
		{"frozen for a move that is over", held("frozen", 2), known("cell-a", 2, directory.Active), "open", "", 0, "", false},
		{"sealed for a move that is over", held("sealed", 2), known("cell-a", 2, directory.Active), "open", "", 0, "", false},
		{"its rows were on their way", held("importing", 2), known("cell-a", 2, directory.Active), "", "", 0, controlplane.LostIncomplete, false},
		{"its sign-up goes on", held("importing", 1), known("cell-a", 1, directory.Provisioning), "", "", 0, "", false},
		{"it was elsewhere since, and came back", held("live", 1), known("cell-a", 3, directory.Active), "close", "", 3, controlplane.LostOutdated, false},
		{"it had left, and came back", held("departed", 1), known("cell-a", 3, directory.Active), "", "", 0, controlplane.LostOutdated, false},
		{"it has left since", held("live", 1), known("cell-b", 2, directory.Active), "depart", "cell-b", 2, "", false},
		{"it was about to leave", held("sealed", 1), known("cell-b", 2, directory.Active), "depart", "cell-b", 2, "", false},
		{"it has left twice since", held("live", 1), known("cell-c", 3, directory.Active), "depart", "cell-c", 3, "", false},
		{"it had left before", held("departed", 1), known("cell-b", 2, directory.Active), "", "", 0, "", false},
		{"it had left, and went on", held("departed", 1), known("cell-c", 3, directory.Active), "", "", 0, "", false},
		{"a move into the cell was under way", held("importing", 2), known("cell-b", 1, directory.Active), "", "", 0, "", false},
		{"it is deleted", held("live", 1), known("cell-a", 1, directory.Deleted), "remove", "", 0, "", false},
		{"it left, and is deleted", held("departed", 1), known("cell-b", 2, directory.Deleted), "remove", "", 0, "", false},
		{"nobody knows it", held("live", 1), nil, "", "", 0, "", true},
		{"the directory is behind", held("live", 3), known("cell-a", 2, directory.Active), "", "", 0, "", true},
		{"the directory is behind, and elsewhere", held("live", 3), known("cell-b", 2, directory.Active), "", "", 0, "", true},
		{"the directory has not heard that it left", held("departed", 2), known("cell-a", 2, directory.Active), "", "", 0, "", true},
		{"two owners under one epoch", held("live", 2), known("cell-b", 2, directory.Active), "depart", "cell-b", 2, "", true},
	} {
		v := recovery.Judge("cell-a", c.fence, c.tenant)
		switch {
		case (v.Order != nil) != (c.action != ""):
			t.Errorf("%s: order %+v, want %q", c.name, v.Order, c.action)
		case v.Order != nil && (v.Order.Action != c.action || v.Order.Cell != c.cell || v.Order.ToEpoch != c.epoch || v.Order.State != c.fence.State || v.Order.Epoch != c.fence.Epoch):
			t.Errorf("%s: %+v", c.name, v.Order)
		}
		if (v.Lost != nil) != (c.lost != "") || v.Lost != nil && v.Lost.What != string(c.lost) {
			t.Errorf("%s: lost %+v, want %q", c.name, v.Lost, c.lost)
		}
		if (v.Disputed != nil) != c.disputed {
			t.Errorf("%s: disputed %+v", c.name, v.Disputed)
		}
	}
}

// Whatever a fence and the directory say, nobody is live afterwards in a cell
// that the directory does not name, unless it is disputed.
func TestNobodyIsLeftLiveElsewhere(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"importing", "live", "frozen", "sealed", "departed"} {
		for fence := uint64(1); fence <= 4; fence++ {
			for epoch := uint64(1); epoch <= 4; epoch++ {
				v := recovery.Judge("cell-a", held(state, fence), known("cell-b", epoch, directory.Active))
				serves := state == "live" || state == "frozen" || state == "sealed"
				if serves && v.Disputed == nil && (v.Order == nil || v.Order.Action != controlplane.FenceDepart) {
					t.Errorf("%s under %d, the directory has it in cell-b under %d: %+v", state, fence, epoch, v)
				}
			}
		}
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		said  recovery.Evidence
		cell  string // "": it cannot be said
		epoch uint64
		why   string
	}{
		{"one cell has it", recovery.Evidence{"cell-a": held("live", 1)}, "cell-a", 1, ""},
		{"it moved", recovery.Evidence{"cell-a": held("departed", 1), "cell-b": held("live", 2)}, "cell-b", 2, ""},
		{"committed, not yet open", recovery.Evidence{"cell-a": held("departed", 1), "cell-b": held("importing", 2)}, "cell-b", 2, ""},
		{"not committed", recovery.Evidence{"cell-a": held("live", 1), "cell-b": held("importing", 2)}, "cell-a", 1, ""},
		{"frozen", recovery.Evidence{"cell-a": held("frozen", 1), "cell-b": held("importing", 2)}, "cell-a", 1, ""},
		{"an old owner that was restored", recovery.Evidence{"cell-a": held("live", 1), "cell-b": held("live", 4)}, "cell-b", 4, ""},
		{"it moved on", recovery.Evidence{"cell-a": held("departed", 1), "cell-b": held("live", 4)}, "cell-b", 4, ""},
		{"sealed, and nobody knows whether it was committed", recovery.Evidence{"cell-a": held("sealed", 1), "cell-b": held("importing", 2)}, "", 0, "only the lost directory knew"},
		{"sealed, and nothing else", recovery.Evidence{"cell-a": held("sealed", 1)}, "cell-a", 1, ""},
		{"two owners", recovery.Evidence{"cell-a": held("live", 2), "cell-b": held("live", 2)}, "", 0, "more than one cell"},
		{"it went where nothing of it is", recovery.Evidence{"cell-a": held("departed", 1)}, "", 0, "does not have it"},
		{"it went where an older one is", recovery.Evidence{"cell-a": held("departed", 3), "cell-b": held("live", 2)}, "", 0, "should have it under epoch 4"},
		{"a sign-up that nobody finished", recovery.Evidence{"cell-a": held("importing", 1)}, "", 0, "no cell holds it"},
	} {
		claim, why := recovery.Gather(tenancy.ID{1}, c.said)
		if claim.Cell != c.cell || claim.Epoch != c.epoch || (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s under %d, %q", c.name, claim.Cell, claim.Epoch, why)
		}
		if c.cell != "" && (claim.Slug != "acme" || claim.Plan != "free" || claim.Organization != "Acme" || claim.State != directory.Active) {
			t.Errorf("%s: %+v", c.name, claim)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	claim := controlplane.Claim{Assignment: directory.Assignment{TenantID: tenancy.ID{1}, Cell: "cell-a", Epoch: 2}}
	for _, c := range []struct {
		name   string
		tenant *controlplane.Tenant
		want   recovery.Correction
	}{
		{"unknown", nil, recovery.Create},
		{"the same", known("cell-a", 2, directory.Suspended), recovery.Same},
		{"behind", known("cell-b", 1, directory.Active), recovery.Correct},
		{"ahead", known("cell-b", 3, directory.Active), recovery.Dispute},
		{"elsewhere under the same epoch", known("cell-b", 2, directory.Active), recovery.Dispute},
		{"deleted", known("cell-a", 2, directory.Deleted), recovery.Dispute},
	} {
		if got, why := recovery.Compare(claim, c.tenant); got != c.want || (got == recovery.Dispute) != (why != "") {
			t.Errorf("%s: %d, %q", c.name, got, why)
		}
	}
}
