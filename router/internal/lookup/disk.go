package lookup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
)

// Disk is the router's last snapshot: with it, a restart serves known tenants
// while everything else is down.
type Disk struct{ path string }

// NewDisk returns the snapshot at path. It fails if the directory of path
// cannot be written to, since that would be noticed only when it is too late.
func NewDisk(path string) (*Disk, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("snapshot directory: %w; choose another with --snapshot", err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return nil, fmt.Errorf("snapshot directory %s cannot be written to: %w; choose another with --snapshot", dir, err)
	}
	return &Disk{path: path}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Load reads the snapshot into sink. There being none yet is [fs.ErrNotExist].
func (d *Disk) Load(sink directory.Sink) (version uint64, err error) {
	file, err := os.Open(d.path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return directory.ReadSnapshot(file, sink)
}

// Discard removes a snapshot that cannot be read.
func (d *Disk) Discard() error {
	if err := os.Remove(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Save replaces the snapshot by what the cache holds, as of version: first
// written whole and synced, then renamed, so that a crash leaves the old one.
func (d *Disk) Save(cache *tenantcache.Cache, version uint64) (err error) {
	file, err := os.CreateTemp(filepath.Dir(d.path), ".snapshot-*")
	if err != nil {
		return fmt.Errorf("save snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("save snapshot: %w", err), file.Close(), os.Remove(file.Name()))
		}
	}()
	if err := write(directory.NewSnapshotWriter(file), cache, version); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), d.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(d.path))
}

// syncDir makes a rename survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func write(w *directory.SnapshotWriter, cache *tenantcache.Cache, version uint64) error {
	known := map[string]bool{}
	for _, cell := range cache.Cells() {
		known[cell.ID] = true
		if err := w.Cell(cell); err != nil {
			return err
		}
	}
	err := cache.Each(func(e *tenantcache.Entry) error {
		if !known[e.Cell] {
			return nil // learnt while we write; the next snapshot has it
		}
		return w.Tenant(&e.Assignment)
	})
	if err != nil {
		return err
	}
	return w.Close(version)
}
