package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/coditect/platform/shared/servers"
)

// What Up checks before it starts anything. Every refusal says what to do.

// makeWritable makes the platform's directory and checks that it can be used.
func makeWritable(dir string) error {
	err := os.MkdirAll(dir, 0o755) //nolint:gosec // what is secret in it is private itself; programs in it are not
	if err == nil {
		err = tryWriting(dir)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot write to %s (%w): it belongs to somebody else, perhaps because an earlier command ran as root; "+
			"run this as that user, or: sudo chown -R %d:%d %s", dir, err, os.Getuid(), os.Getgid(), dir)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("cannot write to %s (%w): use a directory on another file system (--dir)", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("cannot write to %s (%w): free some space there, or use another directory (--dir)", dir, err)
	case err != nil:
		return fmt.Errorf("cannot use %s: %w", dir, err)
	}
	return nil
}

// tryWriting tries every directory that Up writes to and an earlier command
// may have made.
func tryWriting(dir string) error {
	for _, name := range []string{".", dataDir, mailDir} {
		within := filepath.Join(dir, name)
		if _, err := os.Stat(within); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		probe, err := os.CreateTemp(within, ".probe-*")
		if err != nil {
			return err
		}
		if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
			return err
		}
	}
	return nil
}

// spaceNeeded is what four Postgres clusters' logs and the rest take in a
// first hour of use, with room to spare.
const spaceNeeded = 1 << 30

func (p *Platform) preflight(ports Ports) error {
	return errors.Join(checkSpace(p.opts.Dir), p.checkPorts(ports))
}

func checkSpace(dir string) error {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	free := stat.Bavail * uint64(stat.Bsize)
	if free < spaceNeeded {
		return fmt.Errorf("%s has %d MB of free space and the platform needs %d MB: free some, or use another directory (--dir)",
			dir, free>>20, uint64(spaceNeeded)>>20)
	}
	return nil
}

// checkPorts checks that nobody listens on the ports of parts that do not run.
func (p *Platform) checkPorts(ports Ports) error {
	known := p.State()
	parts, err := p.layout().parts(p.opts.BinDir)
	if err != nil {
		return err
	}
	var taken []string
	for _, row := range portTable {
		if !slices.ContainsFunc(parts, func(pt part) bool { return pt.name == row.part }) {
			continue // this platform has no such part
		}
		if !known.Parts[row.part].Alive() && !servers.PortFree(ports[row.name]) {
			taken = append(taken, fmt.Sprintf("port %d, which %s needs, is taken by %s", ports[row.name], row.part, listener(ports[row.name])))
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return fmt.Errorf("%s\nnothing was started: stop what listens there, or move the whole platform: make up PORT_OFFSET=1000", strings.Join(taken, "\n"))
}
