package directory

import (
	"io"
)

// Sink receives what [ReadSnapshot] reads, cells before the tenants that live
// there. Nothing received may be used before ReadSnapshot has returned without
// an error: only then has the checksum been seen. The Assignment is the sink's
// to keep; the pointer is not.
type Sink interface {
	Cell(Cell) error
	Tenant(*Assignment) error
}

// BlockSink receives what [ScanSnapshot] reads, by the rules of [Sink], but
// tenants by the block: the slice, and the slugs and domains in it, are valid
// until Tenants returns. So a million tenants pass without an allocation each.
type BlockSink interface {
	Cell(Cell) error
	Tenants([]Assignment) error
}

// ReadSnapshot reads one snapshot and returns the directory version it shows.
// It returns [ErrSnapshotFormat] for another format or version of it,
// [ErrSnapshotCorrupt] for a truncated or altered one, and an error of sink as
// it is. Memory is bounded whatever the input claims.
func ReadSnapshot(r io.Reader, sink Sink) (version uint64, err error) {
	d := newSnapshotReader(r, oneByOne{sink})
	d.kept = true
	info, err := d.read()
	return info.Version, err
}

// ScanSnapshot is [ReadSnapshot] for a sink that keeps little of what it is
// given.
func ScanSnapshot(r io.Reader, sink BlockSink) (version uint64, err error) {
	info, err := newSnapshotReader(r, sink).read()
	return info.Version, err
}

// SnapshotInfo is what the end of a snapshot says.
type SnapshotInfo struct {
	Version uint64
	Tenants uint64
}

// CheckSnapshot reads a snapshot to its end and says what it holds, or how it is
// damaged: what passes can be read by [ReadSnapshot] without an error.
func CheckSnapshot(r io.Reader) (SnapshotInfo, error) {
	return newSnapshotReader(r, nowhere{}).read()
}

// oneByOne makes a BlockSink of a Sink.
type oneByOne struct{ Sink }

func (s oneByOne) Tenants(tenants []Assignment) error {
	for i := range tenants {
		if err := s.Tenant(&tenants[i]); err != nil {
			return err
		}
	}
	return nil
}

type nowhere struct{}

func (nowhere) Cell(Cell) error            { return nil }
func (nowhere) Tenants([]Assignment) error { return nil }
