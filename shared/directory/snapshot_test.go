package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

type memory struct {
	cells   []directory.Cell
	tenants []directory.Assignment
}

func (m *memory) Cell(c directory.Cell) error          { m.cells = append(m.cells, c); return nil }
func (m *memory) Tenant(a *directory.Assignment) error { m.tenants = append(m.tenants, *a); return nil }

func sample(n int) *memory {
	m := &memory{cells: []directory.Cell{
		{ID: "cell-a", Region: "us-central1", Endpoint: "http://127.0.0.1:1", State: directory.CellActive, Version: 1},
		{ID: "cell-b", Region: "europe-west1", Endpoint: "http://127.0.0.1:2", State: directory.CellCordoned, Version: 2},
	}}
	for i := range n {
		c := m.cells[i%2]
		a := directory.Assignment{
			TenantID: tenancy.NewID(), Slug: tenancy.Slug(fmt.Sprintf("tenant-%07d", i)), Cell: c.ID, Region: c.Region,
			State: directory.States[i%len(directory.States)], Epoch: uint64(i%3 + 1), Plan: []string{"free", "team"}[i/7%2], Version: uint64(i + 3),
		}
		if i%10 == 0 {
			a.Domains = []tenancy.Domain{tenancy.Domain(fmt.Sprintf("app.t%d.example.org", i)), "second.example.org"}
		}
		m.tenants = append(m.tenants, a)
	}
	return m
}

func encode(t testing.TB, m *memory, version uint64) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := directory.NewSnapshotWriter(&buf)
	for _, c := range m.cells {
		if err := w.Cell(c); err != nil {
			t.Fatal(err)
		}
	}
	for i := range m.tenants {
		if err := w.Tenant(&m.tenants[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(version); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestSnapshotRoundTrip(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1023, 1024, 5000} {
		want, got := sample(n), &memory{}
		raw := encode(t, want, 42)
		version, err := directory.ReadSnapshot(bytes.NewReader(raw), got)
		if err != nil || version != 42 {
			t.Fatalf("n=%d: version %d, %v", n, version, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("n=%d: what was read differs from what was written", n)
		}
		if n == 5000 && len(raw)/n > 64 {
			t.Errorf("%d bytes a tenant; 64 at most", len(raw)/n)
		}
	}
}

func TestEveryTruncationAndFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	raw := encode(t, sample(20), 7)
	for i := range raw {
		if _, err := directory.ReadSnapshot(bytes.NewReader(raw[:i]), &memory{}); !damaged(err) {
			t.Fatalf("cut at %d of %d: %v", i, len(raw), err)
		}
		for bit := range 8 {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << bit
			if _, err := directory.ReadSnapshot(bytes.NewReader(bad), &memory{}); !damaged(err) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
	}
}

func damaged(err error) bool {
	return errors.Is(err, directory.ErrSnapshotCorrupt) || errors.Is(err, directory.ErrSnapshotFormat)
}

func TestSnapshotOfAnUnknownCellIsRefused(t *testing.T) {
	t.Parallel()
	w := directory.NewSnapshotWriter(&bytes.Buffer{})
	if err := w.Tenant(&directory.Assignment{Cell: "nowhere", State: directory.Active}); err == nil {
		t.Fatal("accepted")
	}
}

func FuzzReadSnapshot(f *testing.F) {
	f.Add(encode(f, sample(3), 9))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := directory.ReadSnapshot(bytes.NewReader(raw), &memory{})
		if err != nil && !damaged(err) {
			t.Fatal(err)
		}
	})
}
