package e2e_test

import (
	"os"

	"github.com/coditect/platform/shared/directory"
)

// slugs collects the slugs of a snapshot.
type slugs map[string]bool

func (slugs) Cell(directory.Cell) error { return nil }

func (s slugs) Tenant(a *directory.Assignment) error {
	s[string(a.Slug)] = true
	return nil
}

func slugsOnDisk(path string) (map[string]bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	found := slugs{}
	_, err = directory.ReadSnapshot(file, found)
	return found, err
}
