package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// acquire takes the platform's lock, which the kernel takes back from a
// program that dies. It does not wait.
func acquire(dir string) (release func() error, err error) {
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the platform: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(file) // for the message only
		err = lockError(dir, strings.TrimSpace(string(holder)), err)
		return nil, errors.Join(err, file.Close())
	}
	if err := writeHolder(file); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the platform: %w", err), file.Close())
	}
	return file.Close, nil
}

func lockError(dir, holder string, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("lock the platform: %w", err)
	}
	return fmt.Errorf("another command (process %s) is working on the platform in %s: wait until it is done", holder, dir)
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(file, "%d\n", os.Getpid())
	return err
}
