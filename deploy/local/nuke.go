package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Nuke stops everything and removes all of the platform's data. It says what
// it removed, and keeps the built programs.
func (p *Platform) Nuke(ctx context.Context) error {
	if !p.exists() {
		p.progress.say("Nothing to remove: there is no platform in %s.", p.opts.Dir)
		return nil
	}
	return p.change(func() error {
		if len(p.State().Parts) > 0 {
			if err := p.stopAll(ctx); err != nil {
				return fmt.Errorf("nothing was removed, because not everything could be stopped: %w", err)
			}
		}
		for _, content := range []struct{ name, what string }{
			{dataDir, "databases, queues, streams, caches and logs of all parts"},
			{mailDir, "the mails that were sent"},
			{stateName, "ports, passwords, keys and demo tenants"},
		} {
			if err := p.remove(content.name, content.what); err != nil {
				return err
			}
		}
		p.progress.say("Kept    %s (programs; they hold no data)", p.opts.BinDir)
		return p.state.reload()
	})
}

func (p *Platform) remove(name, what string) error {
	path := filepath.Join(p.opts.Dir, name)
	size, err := sizeOf(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := errors.Join(err, os.RemoveAll(path)); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	p.progress.say("Removed %s (%.1f MB): %s", path, float64(size)/(1<<20), what)
	return nil
}

// sizeOf adds up the sizes of all files under a path.
func sizeOf(path string) (total int64, err error) {
	err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return err
	})
	return total, err
}
