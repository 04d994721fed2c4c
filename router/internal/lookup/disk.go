package lookup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
)

// staleAfter is the age at which a half-written snapshot is nobody's any more.
const staleAfter = time.Hour

// Disk is the router's last snapshot: with it, a restart serves known tenants
// while everything else is down. It is safe for concurrent use.
type Disk struct {
	path string
	mu   sync.Mutex // one at a time reads or replaces the file
}

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
	d := &Disk{path: path}
	d.removeStale()
	return d, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// removeStale removes what a killed process left; it is no harm if it cannot.
func (d *Disk) removeStale() {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(d.path), d.temporary()))
	for _, name := range left {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(name)
		}
	}
}

// temporary is the pattern of the names of snapshots that are being written.
func (d *Disk) temporary() string { return "." + filepath.Base(d.path) + "-*" }

// Load takes the snapshot into the cache and returns its version and how many
// of its tenants are cached then. All says whether tenants that are not cached
// are taken too. There being none yet is [fs.ErrNotExist].
//
// The file is read twice: a damaged one changes nothing, and no second copy of
// the directory is needed in memory to be sure of it.
func (d *Disk) Load(cache *tenantcache.Cache, all bool) (info directory.SnapshotInfo, tenants int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.load(cache, all)
}

// Reload replaces the snapshot by what fill writes, if that is a snapshot, and
// loads it.
func (d *Disk) Reload(fill func(io.Writer) error, cache *tenantcache.Cache, all bool) (info directory.SnapshotInfo, tenants int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.replace(func(file *os.File) error {
		if err := fill(file); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := directory.CheckSnapshot(file)
		return err
	})
	if err != nil {
		return info, 0, err
	}
	return d.load(cache, all)
}

func (d *Disk) load(cache *tenantcache.Cache, all bool) (info directory.SnapshotInfo, tenants int, err error) {
	file, err := os.Open(d.path)
	if err != nil {
		return info, 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err = directory.CheckSnapshot(file); err != nil {
		return info, 0, err
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		return info, 0, err
	}
	loader := cache.NewLoader(info, all)
	if _, err = directory.ScanSnapshot(file, loader); err != nil {
		return info, 0, err
	}
	return info, loader.Done(), nil
}

// Discard removes a snapshot that cannot be read.
func (d *Disk) Discard() error {
	if err := os.Remove(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// replace puts what fill writes in the snapshot's place: first written whole and
// synced, then renamed, so that a crash leaves the old one.
func (d *Disk) replace(fill func(*os.File) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(d.path), d.temporary())
	if err != nil {
		return fmt.Errorf("save snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // which may have been done
			_ = os.Remove(file.Name())
			err = fmt.Errorf("save snapshot: %w", err)
		}
	}()
	if err := fill(file); err != nil {
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
