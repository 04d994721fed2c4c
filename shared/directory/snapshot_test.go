package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
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
		if i%9 == 4 {
			a.Edge = &directory.EdgePolicy{
				CORS:   &directory.CORS{AllowedOrigins: []string{fmt.Sprintf("https://app%d.example.org", i)}, AllowCredentials: true},
				Limits: []directory.Limit{{Class: "*", PerSecond: 2.5}},
			}
		}
		if i%9 == 5 {
			a.Edge = &directory.EdgePolicy{} // empty, but there
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

// blocks keeps copies, as a BlockSink must.
type blocks struct{ memory }

func (b *blocks) Tenants(tenants []directory.Assignment) error {
	for _, a := range tenants {
		a.Slug = tenancy.Slug(strings.Clone(string(a.Slug)))
		var domains []tenancy.Domain
		for _, d := range a.Domains {
			domains = append(domains, tenancy.Domain(strings.Clone(string(d))))
		}
		a.Domains = domains
		b.tenants = append(b.tenants, a)
	}
	return nil
}

func TestScanSeesWhatReadSees(t *testing.T) {
	t.Parallel()
	want, got := sample(5000), &blocks{}
	raw := encode(t, want, 42)
	version, err := directory.ScanSnapshot(bytes.NewReader(raw), got)
	if err != nil || version != 42 || !reflect.DeepEqual(&got.memory, want) {
		t.Errorf("version %d, %v; or what was scanned differs", version, err)
	}
	info, err := directory.CheckSnapshot(bytes.NewReader(raw))
	if err != nil || info != (directory.SnapshotInfo{Version: 42, Tenants: 5000}) {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestOtherVersionsOfTheFormatAreRefused(t *testing.T) {
	t.Parallel()
	for _, version := range []byte{0, 1, 3} {
		raw := encode(t, sample(3), 9)
		raw[7] = version
		sink := &memory{}
		if _, err := directory.ReadSnapshot(bytes.NewReader(raw), sink); !errors.Is(err, directory.ErrSnapshotFormat) || len(sink.tenants) != 0 {
			t.Errorf("version %d: %v, %d tenants", version, err, len(sink.tenants))
		}
	}
}

// Policies of the greatest size that the writer takes still make blocks that
// the reader takes.
func TestBulkyPolicies(t *testing.T) {
	t.Parallel()
	bulky := func(bytes int) *memory {
		m := sample(12)
		for i := range m.tenants {
			m.tenants[i].Edge = &directory.EdgePolicy{ResponseHeaders: &directory.HeaderRules{Remove: []string{strings.Repeat("x", bytes)}}}
		}
		return m
	}
	want, got := bulky(2<<20-200), &memory{}
	if _, err := directory.ReadSnapshot(bytes.NewReader(encode(t, want, 1)), got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, or what was read differs", err)
	}
	large := bulky(2 << 20)
	w := directory.NewSnapshotWriter(&bytes.Buffer{})
	if err := errors.Join(w.Cell(large.cells[0]), w.Tenant(&large.tenants[0])); err == nil {
		t.Error("a tenant that no block can hold was accepted")
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
	f.Fuzz(readers)
}

// readers checks that the three ways to read a snapshot agree about raw.
func readers(t *testing.T, raw []byte) {
	read, scanned := &memory{}, &blocks{}
	version, err := directory.ReadSnapshot(bytes.NewReader(raw), read)
	if err != nil && !damaged(err) {
		t.Fatal(err)
	}
	scan, scanErr := directory.ScanSnapshot(bytes.NewReader(raw), scanned)
	info, checkErr := directory.CheckSnapshot(bytes.NewReader(raw))
	if (err == nil) != (scanErr == nil) || (err == nil) != (checkErr == nil) {
		t.Fatalf("read: %v; scan: %v; check: %v", err, scanErr, checkErr)
	}
	if err != nil {
		return
	}
	if version != scan || version != info.Version || uint64(len(read.tenants)) != info.Tenants || !reflect.DeepEqual(read, &scanned.memory) {
		t.Fatal("read, scan and check differ")
	}
}

// Behind a checksum that is right: the readers agree, and what was read can be
// written and read again.
func FuzzSnapshotBlocks(f *testing.F) {
	f.Add(directory.Unsealed(encode(f, sample(10), 9)), uint64(10))
	f.Add(directory.Unsealed(encode(f, sample(1), 9)), uint64(1))
	f.Fuzz(func(t *testing.T, raw []byte, tenants uint64) {
		sealed := directory.Sealed(raw, 9, tenants)
		readers(t, sealed)
		first, second, third := &memory{}, &memory{}, &memory{}
		if _, err := directory.ReadSnapshot(bytes.NewReader(sealed), first); err != nil {
			return
		}
		ids := map[string]bool{}
		for _, c := range first.cells {
			if ids[c.ID] {
				return // the writer tells cells apart by their ids
			}
			ids[c.ID] = true
		}
		// The first round gives policies their canonical form.
		_, err := directory.ReadSnapshot(bytes.NewReader(encode(t, first, 9)), second)
		if err == nil {
			_, err = directory.ReadSnapshot(bytes.NewReader(encode(t, second, 9)), third)
		}
		if err != nil || len(first.tenants) != len(second.tenants) || !reflect.DeepEqual(second, third) {
			t.Fatalf("%v, or what was rewritten differs", err)
		}
	})
}

func BenchmarkScanSnapshot(b *testing.B) {
	raw := encode(b, sample(100_000), 9)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := directory.CheckSnapshot(bytes.NewReader(raw)); err != nil {
			b.Fatal(err)
		}
	}
}
