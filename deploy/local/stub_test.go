package local_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/coditect/platform/deploy/local"
)

// stubs is a directory with a stub in place of each of the platform's programs
// but the mail sink, which is real.
var stubs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "platform-stubs-*")
	if err != nil {
		return "", err
	}
	for path, names := range map[string][]string{
		"./testdata/stub": {"controlplane", "router", "cell", "cellctl", "stripefake", "jaeger", "hydra"},
		"./cmd/local":     {"local"},
	} {
		built := filepath.Join(dir, names[0])
		if output, err := exec.Command("go", "build", "-o", built, path).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, output)
		}
		for _, name := range names[1:] { // a stub goes by its name
			if err := os.Link(built, filepath.Join(dir, name)); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, err := stubs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(status)
}

// newPlatform is a platform of stubs on free ports, which ends with the test.
func newPlatform(t *testing.T, opts local.Options) *local.Platform {
	t.Helper()
	bin, err := stubs()
	if err != nil {
		t.Fatal(err)
	}
	if opts.BinDir == "" {
		opts.BinDir = bin
	}
	if opts.Watched {
		opts.Jaeger = filepath.Join(bin, "jaeger")
	}
	opts.Root, opts.Prebuilt, opts.Attached, opts.Hydra = "../..", true, true, filepath.Join(bin, "hydra")
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	if opts.Ports == nil {
		if opts.Ports, err = local.FreePorts(); err != nil {
			t.Fatal(err)
		}
	}
	platform, err := local.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return platform
}
