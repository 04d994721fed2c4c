package directory

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/coditect/platform/shared/tenancy"
)

// Sink receives what [ReadSnapshot] reads, cells before the tenants that live
// there. Nothing received may be used before ReadSnapshot has returned without
// an error: only then has the checksum been seen. The Assignment is the sink's
// to keep; the pointer is not.
type Sink interface {
	Cell(Cell) error
	Tenant(*Assignment) error
}

// ReadSnapshot reads one snapshot and returns the directory version it shows.
// It returns [ErrSnapshotFormat] for another format or version of it,
// [ErrSnapshotCorrupt] for a truncated or altered one, and an error of sink as
// it is. Memory is bounded whatever the input claims.
func ReadSnapshot(r io.Reader, sink Sink) (version uint64, err error) {
	d := &snapshotReader{in: bufio.NewReaderSize(r, 256<<10), crc: crc32.New(castagnoli), sink: sink}
	head := make([]byte, len(magic))
	if err := d.full(head); err != nil || string(head) != magic {
		return 0, ErrSnapshotFormat
	}
	for {
		done, err := d.next()
		if err != nil || done {
			return d.version, err
		}
	}
}

type snapshotReader struct {
	in      *bufio.Reader
	crc     hash.Hash32
	sink    Sink
	cells   []Cell
	plans   []string
	tenants uint64
	version uint64
	before  uint32 // checksum of everything before the current payload
	buf     []byte
	tenant  Assignment
}

func (d *snapshotReader) full(p []byte) error {
	if _, err := io.ReadFull(d.in, p); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshotCorrupt, err)
	}
	_, _ = d.crc.Write(p)
	return nil
}

// ReadByte makes the reader an io.ByteReader for uvarints, checksummed.
func (d *snapshotReader) ReadByte() (byte, error) {
	var one [1]byte
	err := d.full(one[:])
	return one[0], err
}

func (d *snapshotReader) next() (done bool, err error) {
	kind, err := d.ReadByte()
	if err != nil {
		return false, err
	}
	size, err := binary.ReadUvarint(d)
	if err != nil || size > maxBlockBytes {
		return false, fmt.Errorf("%w: block length", ErrSnapshotCorrupt)
	}
	p, err := d.payload(size)
	if err != nil {
		return false, err
	}
	if kind == blockEnd {
		return true, d.end(p)
	}
	switch kind {
	case blockCell:
		err = d.cell(p)
	case blockPlan:
		err = d.plan(p)
	case blockTenants:
		err = d.tenantBlock(p)
	default:
		err = fmt.Errorf("%w: block kind %d", ErrSnapshotCorrupt, kind)
	}
	if err == nil && (p.bad || len(p.b) != 0) {
		err = fmt.Errorf("%w: block of kind %d does not fit its length", ErrSnapshotCorrupt, kind)
	}
	return false, err
}

// payload reads a block's payload in steps, so that a length that lies costs
// no more memory than the input has bytes.
func (d *snapshotReader) payload(size uint64) (*payload, error) {
	d.buf = d.buf[:0]
	for uint64(len(d.buf)) < size {
		step := min(size-uint64(len(d.buf)), 64<<10)
		at := len(d.buf)
		d.buf = append(d.buf, make([]byte, step)...)
		if _, err := io.ReadFull(d.in, d.buf[at:]); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSnapshotCorrupt, err)
		}
	}
	d.before = d.crc.Sum32()
	_, _ = d.crc.Write(d.buf)
	return &payload{b: d.buf}, nil
}

func (d *snapshotReader) end(p *payload) error {
	version, tenants := p.uvarint(), p.uvarint()
	// The checksum covers everything but itself.
	body := d.buf[:max(0, len(d.buf)-4)]
	want := crc32.Update(d.before, castagnoli, body)
	sum := p.bytes(4)
	switch {
	case p.bad || len(p.b) != 0:
		return fmt.Errorf("%w: end block", ErrSnapshotCorrupt)
	case binary.LittleEndian.Uint32(sum) != want:
		return fmt.Errorf("%w: checksum", ErrSnapshotCorrupt)
	case tenants != d.tenants:
		return fmt.Errorf("%w: %d tenants, %d announced", ErrSnapshotCorrupt, d.tenants, tenants)
	}
	d.version = version
	return nil
}

func (d *snapshotReader) cell(p *payload) error {
	c := Cell{ID: p.string(), Region: p.string(), Endpoint: p.string(), State: CellState(p.string()), Version: p.uvarint()}
	if p.bad || len(d.cells) == maxTableEntries {
		return ErrSnapshotCorrupt
	}
	d.cells = append(d.cells, c)
	return d.sink.Cell(c)
}

func (d *snapshotReader) plan(p *payload) error {
	if len(d.plans) == maxTableEntries {
		return ErrSnapshotCorrupt
	}
	d.plans = append(d.plans, p.string())
	return nil
}

func (d *snapshotReader) tenantBlock(p *payload) error {
	for n := p.uvarint(); n > 0; n-- {
		a := &d.tenant
		*a = Assignment{}
		copy(a.TenantID[:], p.bytes(len(a.TenantID)))
		a.Slug = tenancy.Slug(p.string())
		cell, state := p.uvarint(), p.bytes(1)
		a.Epoch = p.uvarint()
		plan := p.uvarint()
		a.Version = p.uvarint()
		for k := p.uvarint(); k > 0 && !p.bad; k-- {
			a.Domains = append(a.Domains, tenancy.Domain(p.string()))
		}
		if p.bad || cell >= uint64(len(d.cells)) || plan >= uint64(len(d.plans)) || int(state[0]) >= len(States) {
			return fmt.Errorf("%w: tenant %d", ErrSnapshotCorrupt, d.tenants)
		}
		a.Cell, a.Region = d.cells[cell].ID, d.cells[cell].Region
		a.Plan, a.State = d.plans[plan], States[state[0]]
		d.tenants++
		if err := d.sink.Tenant(a); err != nil {
			return err
		}
	}
	return nil
}
