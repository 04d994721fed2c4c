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
	Dir  string
	Spec Spec // complete
}

// Scaffold writes the directory of a new cell beside those in cellsDir. Faults:
// invalid (the spec), conflict (the cell is there, or its network is taken),
// not_found (cellsDir holds no cell to copy from). On any error nothing is left.
func Scaffold(cellsDir string, spec Spec) (Made, error) {
	if err := spec.complete(); err != nil {
		return Made{}, err
	}
	taken, err := networks(cellsDir)
	if err != nil {
		return Made{}, err
	}
	made := Made{Dir: filepath.Join(cellsDir, spec.ID)}
	if _, err := os.Lstat(made.Dir); !errors.Is(err, fs.ErrNotExist) {
		return Made{}, fault.New(fault.Conflict, "%s is there already: choose another id, or change its %s", made.Dir, cellFile)
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

// write makes the directory under another name and renames it: it is there whole,
// or not at all.
func write(made Made, like string) (err error) {
	text, err := document(made.Spec)
	if err != nil {
		return err
	}
	partial, err := os.MkdirTemp(filepath.Dir(made.Dir), ".scaffold-*")
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
	for _, name := range []string{"main.tf", "backend.tf", filepath.Join("tests", "plan.tftest.hcl")} {
		if err := copyFile(filepath.Join(like, name), filepath.Join(partial, name)); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(partial, cellFile), text); err != nil {
		return err
	}
	return os.Rename(partial, made.Dir)
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, content)
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: sources, as others in the repository
		return err
	}
	return os.WriteFile(path, content, 0o644) //nolint:gosec // G306: likewise
}
