package cellclient_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// at is a directory in which every cell has one address.
type at string

func (a at) Get(_ context.Context, id string) (controlplane.Cell, error) {
	return controlplane.Cell{ID: id, CellRegistration: controlplane.CellRegistration{InternalEndpoint: string(a)}}, nil
}

var master = []byte("master")

func client(t *testing.T, url string, master []byte) *cellclient.Client {
	t.Helper()
	c := cellclient.New(at(url), master, time.Now)
	t.Cleanup(c.Close)
	return c
}

func TestOperations(t *testing.T) {
	t.Parallel()
	cell := fakecell.Start(t, "cell-a", master)
	c := client(t, cell.URL, master)
	r := controlplane.Resident{TenantID: tenancy.NewID(), Slug: "acme", Epoch: 2, Owner: controlplane.Owner{Email: "ann@example.org"}}
	for range 2 {
		if err := c.Prepare(t.Context(), "cell-a", r); err != nil {
			t.Fatal(err)
		}
		if err := c.Activate(t.Context(), "cell-a", r.TenantID, 2); err != nil {
			t.Fatal(err)
		}
	}
	if held := cell.Residents()[r.TenantID]; held.State != fakecell.Live || held.Welcomes != 1 || held.Owner != r.Owner.Email {
		t.Errorf("%+v", held)
	}
	if err := c.Remove(t.Context(), "cell-a", r.TenantID, 1); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an older epoch: %v", err)
	}
	for range 2 {
		if err := c.Remove(t.Context(), "cell-a", r.TenantID, 2); err != nil || len(cell.Residents()) != 0 {
			t.Errorf("%v", err)
		}
	}
	refusals, err := c.CreateBatch(t.Context(), "cell-a", []controlplane.Resident{r, {TenantID: tenancy.NewID()}})
	if err != nil || len(refusals) != 2 || refusals[0] != nil || refusals[1] != nil || len(cell.Residents()) != 2 {
		t.Errorf("%v, %v", refusals, err)
	}
}

func TestKeysOpenOneCellOnly(t *testing.T) {
	t.Parallel()
	cell := fakecell.Start(t, "cell-a", master)
	if err := client(t, cell.URL, master).Remove(t.Context(), "cell-b", tenancy.NewID(), 1); err == nil {
		t.Error("cell-a took cell-b's signature")
	}
	if err := client(t, cell.URL, []byte("other")).Remove(t.Context(), "cell-a", tenancy.NewID(), 1); err == nil {
		t.Error("cell-a took another master's signature")
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	answer := func(h http.HandlerFunc) *cellclient.Client {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return client(t, s.URL, master)
	}
	r := []controlplane.Resident{{TenantID: tenancy.NewID()}}
	cut := answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"results":[`)) })
	if _, err := cut.CreateBatch(t.Context(), "cell-a", r); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("cut off: %v", err)
	}
	silent := answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"results":[]}`)) })
	if refusals, err := silent.CreateBatch(t.Context(), "cell-a", r); err != nil || refusals[0] == nil {
		t.Errorf("nothing said about the tenant: %v, %v", refusals, err)
	}
	refusing := answer(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"results":[{"tenant_id":"` + r[0].TenantID.String() + `","error":{"detail":"no"}}]}`))
	})
	if refusals, err := refusing.CreateBatch(t.Context(), "cell-a", r); err != nil || refusals[0] == nil {
		t.Errorf("refused: %v, %v", refusals, err)
	}
	moved := answer(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
	})
	if err := moved.Activate(t.Context(), "cell-a", r[0].TenantID, 1); err == nil {
		t.Error("a redirect was followed or believed")
	}
	if err := client(t, "http://127.0.0.1:1", master).Activate(t.Context(), "cell-a", r[0].TenantID, 1); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
}
