package rollout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/coditect/platform/shared/fault"
)

// File keeps a rollout's state on this machine. It is locked while it is open.
type File struct {
	path string
	lock *os.File
}

// Create makes the file of a new rollout. Faults: conflict (the file is there, or
// another process has it open).
func Create(path string, s State) (*File, error) {
	f, err := lock(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fault.New(fault.Conflict, "%s is there already: resume that rollout, or name another file", path), f.Close())
	}
	if err := f.Save(s); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Open opens the file of a rollout that was begun. Faults: not_found, malformed,
// conflict (another process has it open).
func Open(path string) (*File, State, error) {
	if _, err := Read(path); err != nil { // before a lock is left beside nothing
		return nil, State{}, err
	}
	f, err := lock(path)
	if err != nil {
		return nil, State{}, err
	}
	s, err := Read(path)
	if err != nil {
		return nil, State{}, errors.Join(err, f.Close())
	}
	return f, s, nil
}

// Read reads the file of a rollout without locking it: to look at it while it goes
// on.
func Read(path string) (State, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, fault.Wrap(err, fault.NotFound, "there is no rollout in %s", path)
	}
	if err != nil {
		return State{}, err
	}
	var s State
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return State{}, fault.Wrap(err, fault.Malformed, "%s is not the file of a rollout: %v", path, err)
	}
	if err := s.check(); err != nil {
		return State{}, fault.Wrap(err, fault.Malformed, "%s is not the file of a rollout: %v", path, err)
	}
	return s, nil
}

func (s *State) check() error {
	switch {
	case !ValidVersion(s.Version):
		return fmt.Errorf("the version is %q", s.Version)
	case s.Phase != Applying && s.Phase != Baking && s.Phase != Reverting && !s.Phase.Over():
		return fmt.Errorf("the phase is %q", s.Phase)
	case s.Wave < 0 || s.Wave >= len(s.Waves):
		return fmt.Errorf("wave %d of %d", s.Wave+1, len(s.Waves))
	case s.Terms.Program == "" || s.Terms.CheckEvery <= 0:
		return errors.New("terms are missing")
	}
	return nil
}

// Save replaces what is stored, whole or not at all.
func (f *File) Save(s State) (err error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	partial, err := os.CreateTemp(filepath.Dir(f.path), ".rollout-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial.Name()))
		}
	}()
	_, err = partial.Write(append(text, '\n'))
	if err = errors.Join(err, partial.Sync(), partial.Close()); err != nil {
		return err
	}
	return os.Rename(partial.Name(), f.path)
}

// Close lets others open the file.
func (f *File) Close() error { return f.lock.Close() }

// lock takes a file beside the state's, which itself is replaced again and again.
func lock(path string) (*File, error) {
	held, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Conflict, "another cellctl is busy with %s", path), held.Close())
	}
	return &File{path: path, lock: held}, nil
}
