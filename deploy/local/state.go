package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// State is what platform.json holds.
type State struct {
	Ports   Ports   `json:"ports"`
	Secrets Secrets `json:"secrets"`
	// Parts are those that were started and not stopped since, by name.
	Parts map[string]PartState `json:"parts"`
	// Tenants are the demo tenants, by slug.
	Tenants map[string]Tenant `json:"tenants"`
	// Watched and Jaeger are what Options said when it was started last.
	Watched bool   `json:"watched"`
	Jaeger  string `json:"jaeger"`
	// Endpoints are written for tools and people; they follow from the rest.
	Endpoints Endpoints `json:"endpoints"`
}

// PartState is a part's process.
type PartState struct {
	servers.Identity
	StartedAt time.Time `json:"started_at"`
	Address   string    `json:"address"`
	Log       string    `json:"log"`
}

// Tenant is a demo tenant.
type Tenant struct {
	ID     string `json:"id"`
	Slug   string `json:"slug"`
	Cell   string `json:"cell"`
	Region string `json:"region"`
	URL    string `json:"url"`
	APIKey string `json:"api_key"` // the owner's
}

// Names under Options.Dir.
const (
	stateName = "platform.json"
	lockName  = "platform.lock"
	dataDir   = "data"
	mailDir   = "mail"
)

// stateFile is platform.json, and a copy of it in memory.
type stateFile struct {
	path  string
	mu    sync.Mutex
	state State
}

// loadState reads a platform's state; one that is not there is empty.
func loadState(dir string) (*stateFile, error) {
	f := &stateFile{path: filepath.Join(dir, stateName)}
	return f, f.reload()
}

// reload reads what another command may have written.
func (f *stateFile) reload() error {
	fresh := State{Parts: make(map[string]PartState), Tenants: make(map[string]Tenant)}
	raw, err := os.ReadFile(f.path)
	if err == nil {
		err = json.Unmarshal(raw, &fresh)
	}
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read the platform's state: %w: it belongs to the user who started it; run this as that user", err)
	default:
		return fmt.Errorf("read the platform's state: %s: %w", f.path, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = fresh
	return nil
}

// get returns a copy that later changes leave alone.
func (f *stateFile) get() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	s.Ports = maps.Clone(s.Ports)
	s.Parts = maps.Clone(s.Parts)
	s.Tenants = maps.Clone(s.Tenants)
	return s
}

// change changes the state in memory and on disk. The file is replaced as a
// whole and readable by its owner alone.
func (f *stateFile) change(edit func(*State)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(&f.state)
	encoded, err := json.MarshalIndent(f.state, "", "  ")
	if err != nil {
		return err
	}
	next := f.path + ".new"
	if err := os.WriteFile(next, append(encoded, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the platform's state: %w", err)
	}
	if err := os.Rename(next, f.path); err != nil {
		return fmt.Errorf("write the platform's state: %w", err)
	}
	return nil
}
