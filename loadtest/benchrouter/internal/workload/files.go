package workload

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/coditect/platform/shared/directory"
)

// WriteSnapshot writes the directory of all tenants to a file, as a router
// keeps it. Endpoints are the cells' base URLs.
func WriteSnapshot(path string, tenants int, endpoints []string) error {
	return writeFile(path, func(out *bufio.Writer) error {
		s := directory.NewSnapshotWriter(out)
		for cell, endpoint := range endpoints {
			c := directory.Cell{ID: CellName(cell), Region: Region, Endpoint: endpoint, State: directory.CellActive, Version: uint64(cell + 1)}
			if err := s.Cell(c); err != nil {
				return err
			}
		}
		for n := range tenants {
			a := assignment(n)
			if err := s.Tenant(&a); err != nil {
				return err
			}
		}
		return s.Close(uint64(len(endpoints) + tenants))
	})
}

func assignment(n int) directory.Assignment {
	a := directory.Assignment{TenantID: ID(n), Region: Region, Cell: CellName(CellOf(n)), State: directory.Active, Epoch: 1, Plan: Plan}
	a.Slug, a.Version = Slug(n), uint64(Cells+n+1)
	return a
}

// WriteHostMap writes "host cell" lines, with what the program wants at a
// line's end ("" or ";").
func WriteHostMap(path string, tenants int, end string) error {
	return writeFile(path, func(out *bufio.Writer) error {
		for n := range tenants {
			if _, err := fmt.Fprintf(out, "%s %s%s\n", Host(n), CellName(CellOf(n)), end); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteIDMap writes "tenant-id cell" lines.
func WriteIDMap(path string, tenants int) error {
	return writeFile(path, func(out *bufio.Writer) error {
		for n := range tenants {
			if _, err := fmt.Fprintf(out, "%s %s\n", ID(n), CellName(CellOf(n))); err != nil {
				return err
			}
		}
		return nil
	})
}

func writeFile(path string, write func(*bufio.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(write(out), out.Flush(), f.Close())
}
