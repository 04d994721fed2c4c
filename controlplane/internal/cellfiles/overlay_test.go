package cellfiles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cellfiles"
	"github.com/coditect/platform/shared/fault"
)

const repository = "../../.."

// places are copies of the repository's cells and overlays.
func places(t *testing.T) (cells, overlays string) {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"terraform/cells", "deploy/kubernetes/cells"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(repository, part))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "terraform", "fleet.yaml"), read(t, repository, "terraform", "fleet.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "terraform", "cells"), filepath.Join(dir, "deploy", "kubernetes", "cells")
}

func TestOverlaysInTheRepositoryAreWhatTheirCellsSay(t *testing.T) {
	t.Parallel()
	cells, overlays := places(t)
	for _, id := range []string{"cell-a", "cell-b"} {
		if _, err := cellfiles.RewriteOverlay(cells, overlays, id); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"kustomization.yaml", "settings.env", "facts.yaml", "secrets.yaml", "networks.yaml"} {
			if made, there := read(t, overlays, id, name), read(t, repository, "deploy/kubernetes/cells", id, name); string(made) != string(there) {
				t.Errorf("%s/%s is not what cell.yaml and fleet.yaml say: run 'cellctl cell overlay %s'", id, name, id)
			}
		}
	}
}

func TestScaffoldWritesAnOverlay(t *testing.T) {
	t.Parallel()
	cells, overlays := places(t)
	made, err := cellfiles.Scaffold(cells, overlays, spec(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		"settings.env":       {"CELL=cell-n\n", "ADDRESS=10.2.15.250\n"},
		"networks.yaml":      {"cidr: 10.2.16.0/24", "cidr: 10.128.0.0/16", "cidr: 10.129.0.0/16"},
		"secrets.yaml":       {"projects/coditect-cell-n/secrets/cell-n-edge-key/versions/latest"},
		"facts.yaml":         {"bucketName: coditect-cell-n-cell-n-blobs"},
		"kustomization.yaml": {"components/cloudsql"},
	} {
		for _, want := range wants {
			if text := string(read(t, made.Overlay, name)); !strings.Contains(text, want) {
				t.Errorf("%s has no %q:\n%s", name, want, text)
			}
		}
	}
}

func TestOverlaysKeepTheirDigests(t *testing.T) {
	t.Parallel()
	cells, overlays := places(t)
	path := filepath.Join(overlays, "cell-a", "kustomization.yaml")
	zeros, other := "sha256:"+strings.Repeat("0", 64), "sha256:"+strings.Repeat("ab", 32)
	text := strings.Replace(string(read(t, path)), "images/cell\n    digest: "+zeros, "images/cell\n    digest: "+other, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cellfiles.RewriteOverlay(cells, overlays, "cell-a"); err != nil {
		t.Fatal(err)
	}
	if got := string(read(t, path)); got != text || !strings.Contains(got, other) {
		t.Errorf("%s", got)
	}
}

func TestOverlaysOfNothing(t *testing.T) {
	t.Parallel()
	cells, overlays := places(t)
	if _, err := cellfiles.RewriteOverlay(cells, overlays, "cell-x"); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	if _, err := cellfiles.RewriteOverlay(cells, overlays, "../cell-a"); fault.CodeOf(err) != fault.Invalid {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(cells, "..", "fleet.yaml"), []byte("domain: x\ncontrol_plane: {cidr: 10.255.0.0/16}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cellfiles.Scaffold(cells, overlays, spec(nil)); fault.CodeOf(err) != fault.Malformed {
		t.Error(err)
	}
	for _, dir := range []string{filepath.Join(cells, "cell-n"), filepath.Join(overlays, "cell-n")} {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s is left", dir)
		}
	}
}
