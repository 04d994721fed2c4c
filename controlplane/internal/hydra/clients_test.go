package hydra_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func newAway(t *testing.T) *hydra.Client {
	t.Helper()
	c := hydra.New("http://127.0.0.1:1")
	t.Cleanup(c.Close)
	return c
}

// The other tests' clients are in the way of nobody's but this test's: it runs
// before them, and leaves what they need.
func TestClientsAreThoseOfTheFiles(t *testing.T) { //nolint:paralleltest // see above
	w := newWorld(t)
	ctx := testkit.Context(t)
	plan := func(set hydra.ClientSet) []hydra.ClientStep {
		t.Helper()
		steps, err := w.PlanClients(ctx, set)
		if err != nil {
			t.Fatal(err)
		}
		return steps
	}
	if steps := plan(w.set(t)); len(steps) > 0 {
		t.Fatalf("right after a sync: %+v", steps)
	}
	// Somebody else's client, made by hand.
	foreign, _ := json.Marshal(map[string]any{"client_id": "by-hand", "client_name": "By hand", "grant_types": []string{"client_credentials"}, "client_secret": "by-hand-secret"})
	response, err := http.Post(w.server.AdminURL()+"/admin/clients", "application/json", bytes.NewReader(foreign))
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()

	changed, more := maps.Clone(files), map[string]string{"ROBOT_SECRET": "another-secret"}
	delete(changed, "guest.yaml")
	changed["console.yaml"] = &fstest.MapFile{Data: bytes.Replace(files["console.yaml"].Data, []byte("name: Console"), []byte("name: New name"), 1)}
	changed["fresh.yaml"] = &fstest.MapFile{Data: files["tools.yaml"].Data}
	set, err := hydra.ReadClients(changed, func(name string) (string, bool) {
		if value, ok := more[name]; ok {
			return value, true
		}
		return lookup(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []hydra.ClientStep{{Kind: hydra.Change, ID: "console", Why: "name"}, {Kind: hydra.Create, ID: "fresh"}, {Kind: hydra.Change, ID: "robot", Why: "notes"}, {Kind: hydra.Remove, ID: "guest"}}
	if steps := plan(set); !slices.Equal(steps, want) {
		t.Errorf("steps: %+v", steps)
	}
	if n, err := w.SyncClients(ctx, set); n != len(want) || err != nil {
		t.Errorf("%d changes, %v", n, err)
	}
	if steps := plan(set); len(steps) > 0 {
		t.Errorf("after the sync: %+v", steps)
	}
	changed["by-hand.yaml"] = changed["fresh.yaml"]
	if set, err = hydra.ReadClients(changed, lookup); err == nil || !strings.Contains(err.Error(), "GUEST") {
		_, err = w.PlanClients(ctx, set)
	}
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the id of somebody else's client: %v", err)
	}
	if _, err := w.SyncClients(ctx, w.set(t)); err != nil {
		t.Fatal(err)
	}
	if response, err = http.Get(w.server.AdminURL() + "/admin/clients/by-hand"); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("somebody else's client: %v, %v", response, err)
	}
	response.Body.Close()
}

func TestMistakesInFilesAreNamed(t *testing.T) {
	t.Parallel()
	for says, text := range map[string]string{
		"field colour not found":  "name: X\ncolour: red",
		"name: people":            "grants: [authorization_code]\nredirect_uris: [http://127.0.0.1/]",
		"none of authorization":   "name: X\ngrants: [implicit]",
		"redirect_uris: belong":   "name: X\ngrants: [authorization_code]",
		"machine: belongs":        "name: X\ngrants: [client_credentials]",
		"audience: platform":      "name: X\ngrants: [authorization_code]\nredirect_uris: [http://127.0.0.1/]\noperators: true",
		"environment: NO_SUCH":    "name: X\ngrants: [authorization_code]\nredirect_uris: [\"${NO_SUCH}/\"]",
		"machine.operator_role":   "name: X\ngrants: [client_credentials]\nsecret_env: ROBOT_SECRET\naudience: [platform-operators]\nmachine: {operator_role: cell}",
		"machine.tenant_id: ":     "name: X\ngrants: [client_credentials]\nsecret_env: ROBOT_SECRET\nmachine: {tenant_id: acme}",
		"grants: use some of aut": "name: X",
	} {
		_, err := hydra.ReadClients(fstest.MapFS{"bad.yaml": {Data: []byte(text)}}, lookup)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "bad.yaml") {
			t.Errorf("%q: %v", says, err)
		}
	}
	if _, err := hydra.ReadClients(fstest.MapFS{}, lookup); err == nil {
		t.Error("an empty directory would remove every client")
	}
}
