package cellfiles

import (
	"errors"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/shared/fault"
)

const cellFile = "cell.yaml"

// Made is what a scaffold has written.
type Made struct {
	Dir     string
	Overlay string // for Kubernetes; "": none
	Spec    Spec   // complete
}

// Scaffold writes the directory of a new cell beside those in cellsDir, and its
// Kubernetes overlay beside those in overlaysDir ("": none). Faults: invalid (the
// spec), conflict (the cell is there, or its network is taken), not_found
// (cellsDir holds no cell to copy from). On any error nothing is left.
func Scaffold(cellsDir, overlaysDir string, spec Spec) (Made, error) {
	if err := spec.complete(); err != nil {
		return Made{}, err
	}
	taken, err := networks(cellsDir)
	if err != nil {
		return Made{}, err
	}
	made := Made{Dir: filepath.Join(cellsDir, spec.ID)}
	if overlaysDir != "" {
		made.Overlay = filepath.Join(overlaysDir, spec.ID)
	}
	for _, dir := range []string{made.Dir, made.Overlay} {
		if _, err := os.Lstat(dir); dir != "" && !errors.Is(err, fs.ErrNotExist) {
			return Made{}, fault.New(fault.Conflict, "%s is there already: choose another id, or change its %s", dir, cellFile)
		}
	}
	if err := spec.network(taken); err != nil {
		return Made{}, err
	}
	made.Spec = spec
	like := filepath.Join(cellsDir, slices.Sorted(maps.Keys(taken))[0])
	return made, write(made, like)
}

// networks reads which cell has which. Cells that cannot be read end the command:
// their network might be the one that is picked.
func networks(cellsDir string) (map[string]netip.Prefix, error) {
	paths, err := filepath.Glob(filepath.Join(cellsDir, "*", cellFile))
	if err != nil || len(paths) == 0 {
		return nil, fault.New(fault.NotFound, "there is no cell in %s to copy from: say with --dir where terraform/cells is", cellsDir)
	}
	taken := map[string]netip.Prefix{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var cell struct{ CIDR string }
		if err := yaml.Unmarshal(text, &cell); err != nil {
			return nil, fault.Wrap(err, fault.Malformed, "%s: %v", path, err)
		}
		network, err := netip.ParsePrefix(cell.CIDR)
		if err != nil {
			return nil, fault.Wrap(err, fault.Malformed, "%s: %q is no network; correct its cidr first", path, cell.CIDR)
		}
		taken[filepath.Base(filepath.Dir(path))] = network
	}
	return taken, nil
}

// write makes each directory under another name and renames it: they are there
// whole, or not at all.
func write(made Made, like string) error {
	text, err := document(made.Spec)
	if err != nil {
		return err
	}
	cell := map[string][]byte{cellFile: text}
	for _, name := range []string{"main.tf", "backend.tf", filepath.Join("tests", "plan.tftest.hcl")} {
		if cell[name], err = os.ReadFile(filepath.Join(like, name)); err != nil {
			return err
		}
	}
	if made.Overlay == "" {
		return writeDir(made.Dir, cell)
	}
	files, err := overlay(filepath.Dir(made.Dir), text)
	if err != nil {
		return err
	}
	if err := writeDir(made.Overlay, files); err != nil {
		return err
	}
	if err := writeDir(made.Dir, cell); err != nil {
		return errors.Join(err, os.RemoveAll(made.Overlay))
	}
	return nil
}

func writeDir(dir string, files map[string][]byte) (err error) {
	partial, err := os.MkdirTemp(filepath.Dir(dir), ".scaffold-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	if err := os.Chmod(partial, 0o755); err != nil { //nolint:gosec // G302: sources, as others in the repository
		return err
	}
	for name, content := range files {
		if err := writeFile(filepath.Join(partial, name), content); err != nil {
			return err
		}
	}
	return os.Rename(partial, dir)
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: sources, as others in the repository
		return err
	}
	return os.WriteFile(path, content, 0o644) //nolint:gosec // G306: likewise
}
