package hydra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What these tests find of Hydra is true of a cluster and of the containers because
// they run on the same settings.
func TestHydraIsSetUpTheSameEverywhere(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(newWorld(t).server.Dir, "hydra.json"))
	if err != nil {
		t.Fatal(err)
	}
	var here map[string]any
	if err := json.Unmarshal(raw, &here); err != nil {
		t.Fatal(err)
	}
	read := func(file string) map[string]any {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("../../../deploy/kubernetes/base/hydra", file))
		if err != nil {
			t.Fatal(err)
		}
		var settings map[string]any
		if err := yaml.Unmarshal(text, &settings); err != nil {
			t.Fatal(err)
		}
		return settings
	}
	shared, cluster := read("settings.yaml"), read("cluster.yaml")

	// The hook differs by where it is and by its key alone.
	hook := func(config map[string]any) map[string]any {
		h := config["oauth2"].(map[string]any)["token_hook"].(map[string]any)
		delete(h, "url")
		delete(h["auth"].(map[string]any)["config"].(map[string]any), "value")
		return h
	}
	if there, here := hook(cluster), hook(here); !reflect.DeepEqual(there, here) {
		t.Errorf("cluster.yaml has the token hook %v, and here it is %v", there, here)
	}
	// Addresses, ports and secrets are a place's own.
	for _, own := range []string{"dsn", "secrets", "urls"} {
		delete(here, own)
	}
	delete(here["oauth2"].(map[string]any), "token_hook")
	for _, own := range []string{"public", "admin"} {
		delete(here["serve"].(map[string]any), own)
	}
	if !reflect.DeepEqual(shared, here) {
		t.Errorf("settings.yaml has\n%v\nand here it is\n%v", shared, here)
	}
}
