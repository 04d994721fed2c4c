package tenants

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Tenant is one line of the file.
type Tenant struct {
	ID        string   `json:"tenant_id,omitempty"`
	Slug      string   `json:"slug"`
	Cell      string   `json:"cell,omitempty"`
	Key       string   `json:"api_key,omitempty"` // its owner's
	Workspace string   `json:"workspace_id,omitempty"`
	Projects  []string `json:"projects,omitempty"`
}

// maxLine bounds a line: a tenant with a thousand projects has 40 kB.
const maxLine = 1 << 20

// ErrShort says that the file holds fewer tenants than asked for.
var ErrShort = errors.New("too few tenants")

// ReadFile reads the first count tenants of a file; 0 means all.
func ReadFile(path string, count int) ([]Tenant, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tenants: %w", err)
	}
	all, err := Read(f, count)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("tenants: %s: %w", path, err)
	}
	return all, nil
}

// Read reads the first count tenants of JSON lines; 0 means all.
func Read(r io.Reader, count int) ([]Tenant, error) {
	var all []Tenant
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if count > 0 && len(all) == count {
			return all, nil
		}
		var t Tenant
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("line %d is not a tenant", n)
		}
		if t.Slug == "" {
			return nil, fmt.Errorf("line %d: slug is missing", n)
		}
		all = append(all, t)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 || len(all) < count {
		return nil, fmt.Errorf("%w: it has %d, %d are asked for", ErrShort, len(all), max(count, 1))
	}
	return all, nil
}

// Named makes tenants without keys, by a pattern with one number.
func Named(pattern string, count int) []Tenant {
	all := make([]Tenant, count)
	for i := range all {
		all[i].Slug = fmt.Sprintf(pattern, i)
	}
	return all
}
