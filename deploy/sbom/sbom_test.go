package sbom_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/sbom"
)

var then = time.Unix(1_780_000_000, 0)

// program is one of the repository's own, with a module in it. A test's own
// program does not tell its modules.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sbom-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "alerts")
	out, err := exec.Command("go", "build", "-o", path, "../alerts/cmd/alerts").CombinedOutput()
	return path, errors.Join(err, toError(out))
})

func toError(out []byte) error {
	if len(out) == 0 {
		return nil
	}
	return errors.New(string(out))
}

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func compiled(t *testing.T) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAProgramSaysWhatItConsistsOf(t *testing.T) {
	t.Parallel()
	d, err := sbom.Of(compiled(t), then)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Packages, func(p sbom.Package) bool { return p.Name == "go.yaml.in/yaml/v3" })
	if i < 0 {
		t.Fatalf("yaml is linked in and not listed: %+v", d.Packages)
	}
	module := d.Packages[i]
	if module.ExternalRefs[0].Locator != "pkg:golang/go.yaml.in/yaml/v3@"+module.VersionInfo || !strings.Contains(module.Comment, "h1:") {
		t.Errorf("%+v", module)
	}
	if contains := (sbom.Relationship{Element: "SPDXRef-program", Type: "CONTAINS", Related: module.SPDXID}); !slices.Contains(d.Relationships, contains) {
		t.Errorf("nothing contains it: %+v", d.Relationships)
	}
	ids := map[string]bool{}
	for _, p := range d.Packages {
		if ids[p.SPDXID] {
			t.Errorf("%s is there twice", p.SPDXID)
		}
		ids[p.SPDXID] = true
	}
	if d.CreationInfo.Created != "2026-05-28T20:26:40Z" || len(d.Packages[0].Checksums[0].Value) != 64 {
		t.Errorf("%+v, %+v", d.CreationInfo, d.Packages[0])
	}
}

func TestTheSameProgramHasTheSameDocument(t *testing.T) {
	t.Parallel()
	var texts [2]bytes.Buffer
	for i := range texts {
		d, err := sbom.Of(compiled(t), then)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(&texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(texts[0].Bytes(), texts[1].Bytes()) {
		t.Error("two documents of one program differ")
	}
}

func TestWhatIsNoProgramIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{path, path + "-missing"} {
		if _, err := sbom.Of(program, then); err == nil || !strings.Contains(err.Error(), program) {
			t.Errorf("%s: %v", program, err)
		}
	}
}
