package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

func smokeTest(t *testing.T, p *program, cell string) api.SmokeTest {
	t.Helper()
	got, err := p.client(t, controlplane.RoleOperator).SmokeTestCellWithResponse(t.Context(), cell)
	if err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	return *got.JSON200
}

// A new cell receives nobody until an operator lets it, which the smoke test does
// not do by itself.
func TestNewCellsBeginCordoned(t *testing.T) {
	t.Parallel()
	opts := options(database(t))
	opts.CordonNewCells = true
	p := start(t, opts)
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	operator := p.client(t, controlplane.RoleOperator)

	state := func() directory.CellState {
		got, err := operator.GetCellWithResponse(t.Context(), "cell-a")
		if err != nil || got.JSON200 == nil {
			t.Fatalf("%v, %s", err, got.Body)
		}
		return got.JSON200.State
	}
	if s := state(); s != directory.CellCordoned {
		t.Errorf("after its first heartbeat the cell is %s", s)
	}
	refused, err := p.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "too-early"}, signupRequest("early"))
	if err != nil || refused.StatusCode() != http.StatusServiceUnavailable {
		t.Errorf("a sign-up into a cordoned cell: %v, %s", err, refused.Body)
	}

	tested := smokeTest(t, p, "cell-a")
	if !tested.Passed || len(tested.Checks) != 6 || state() != directory.CellCordoned || len(cell.Residents()) != 0 {
		t.Errorf("%+v; the cell is %s and holds %v", tested, state(), cell.Residents())
	}
	if moved, err := operator.SetCellStateWithResponse(t.Context(), "cell-a", api.CellStateChange{State: directory.CellActive}); err != nil || moved.JSON200 == nil {
		t.Fatalf("%v, %s", err, moved.Body)
	}
	p.beat(t, "cell-a", 10) // a later heartbeat cordons nobody
	if s := state(); s != directory.CellActive {
		t.Errorf("uncordoned, and then %s", s)
	}
	p.signUp(t, "early")
}

// Whatever step fails, it is named, and no tenant is left in the cell.
func TestSmokeTestNamesWhatFailsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	for step, matches := range map[string]func(r *http.Request) bool{
		"door":     func(r *http.Request) bool { return r.URL.Path == "/internal/v1/transfer" },
		"prepare":  func(r *http.Request) bool { return r.Method == http.MethodPut },
		"activate": func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/activate") },
		"inspect":  func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/size") },
	} {
		cell.FailWith(func(r *http.Request) error {
			if matches(r) {
				return fault.New(fault.Conflict, "the %s is broken", step)
			}
			return nil
		})
		tested := smokeTest(t, p, "cell-a")
		var failed []string
		for _, c := range tested.Checks {
			if !c.Passed {
				failed = append(failed, string(c.Name)+": "+c.Detail)
			}
		}
		if tested.Passed || len(failed) != 1 || !strings.HasPrefix(failed[0], step+": ") || !strings.Contains(failed[0], "is broken") {
			t.Errorf("%s: %+v", step, tested)
		}
		if left := cell.Residents(); len(left) != 0 {
			t.Errorf("%s: left in the cell: %v", step, left)
		}
	}
}

func TestSmokeTestRefusals(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	operator := p.client(t, controlplane.RoleOperator)
	for name, want := range map[string]int{"cell-z": http.StatusNotFound, "cell-a": http.StatusConflict} {
		if name == "cell-a" {
			for _, to := range []directory.CellState{directory.CellCordoned, directory.CellRetired} {
				if moved, err := operator.SetCellStateWithResponse(t.Context(), name, api.CellStateChange{State: to}); err != nil || moved.JSON200 == nil {
					t.Fatalf("%v, %s", err, moved.Body)
				}
			}
		}
		if got, err := operator.SmokeTestCellWithResponse(t.Context(), name); err != nil || got.StatusCode() != want {
			t.Errorf("%s: %v, %s", name, err, got.Body)
		}
	}
	if got, err := p.client(t, controlplane.RoleViewer).SmokeTestCellWithResponse(t.Context(), "cell-a"); err != nil || got.StatusCode() != http.StatusForbidden {
		t.Errorf("a viewer: %v, %s", err, got.Body)
	}
}
