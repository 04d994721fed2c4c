package directory

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"
	"unsafe"

	"github.com/coditect/platform/shared/tenancy"
)

// snapshotReader decodes a snapshot block by block.
type snapshotReader struct {
	in     *bufio.Reader
	crc    hash.Hash32
	sink   BlockSink
	kept   bool // the sink keeps strings and slices beyond their block
	cells  []Cell
	plans  []string
	info   SnapshotInfo
	before uint32 // checksum of everything before the current payload
	buf    []byte
	// The tenants of the current block, and all their domains.
	tenants []Assignment
	domains []tenancy.Domain
}

func newSnapshotReader(r io.Reader, sink BlockSink) *snapshotReader {
	return &snapshotReader{in: bufio.NewReaderSize(r, 256<<10), crc: crc32.New(castagnoli), sink: sink}
}

func (d *snapshotReader) read() (SnapshotInfo, error) {
	head := make([]byte, len(magic))
	if err := d.full(head); err != nil || string(head) != magic {
		return SnapshotInfo{}, ErrSnapshotFormat
	}
	for {
		done, err := d.next()
		if err != nil {
			return SnapshotInfo{}, err
		}
		if done {
			return d.info, nil
		}
	}
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
	switch kind {
	case blockEnd:
		return true, d.end(p)
	case blockCell:
		err = d.cell(p)
	case blockPlan:
		err = d.plan(p)
	case blockTenants:
		err = d.tenantBlock(p)
	default:
		err = fmt.Errorf("%w: block kind %d", ErrSnapshotCorrupt, kind)
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
	p := &payload{b: d.buf}
	if d.kept {
		p.s = string(d.buf)
	} else {
		p.s = unsafe.String(unsafe.SliceData(d.buf), len(d.buf)) //nolint:gosec // G103: a BlockSink keeps nothing of it, and buf rests until the block is done
	}
	return p, nil
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
	case tenants != d.info.Tenants:
		return fmt.Errorf("%w: %d tenants, %d announced", ErrSnapshotCorrupt, d.info.Tenants, tenants)
	}
	d.info.Version = version
	return nil
}

func (d *snapshotReader) cell(p *payload) error {
	text := func() string { return strings.Clone(p.string()) }
	c := Cell{ID: text(), Region: text(), Endpoint: text(), State: CellState(text()), Version: p.uvarint()}
	if p.bad || len(p.b) != 0 || len(d.cells) == maxTableEntries {
		return fmt.Errorf("%w: cell %d", ErrSnapshotCorrupt, len(d.cells))
	}
	d.cells = append(d.cells, c)
	return d.sink.Cell(c)
}

func (d *snapshotReader) plan(p *payload) error {
	name := strings.Clone(p.string())
	if p.bad || len(p.b) != 0 || len(d.plans) == maxTableEntries {
		return fmt.Errorf("%w: plan %d", ErrSnapshotCorrupt, len(d.plans))
	}
	d.plans = append(d.plans, name)
	return nil
}

func (d *snapshotReader) tenantBlock(p *payload) error {
	d.tenants, d.domains = d.tenants[:0], d.domains[:0]
	if d.kept {
		d.domains = nil
	}
	n := p.uvarint()
	if n > tenantsPerBlock {
		return fmt.Errorf("%w: %d tenants in a block", ErrSnapshotCorrupt, n)
	}
	for range n {
		d.tenants = append(d.tenants, Assignment{})
		if !d.tenant(p, &d.tenants[len(d.tenants)-1]) {
			return fmt.Errorf("%w: tenant %d", ErrSnapshotCorrupt, d.info.Tenants)
		}
		d.info.Tenants++
	}
	if len(p.b) != 0 {
		return fmt.Errorf("%w: a block of tenants is too long", ErrSnapshotCorrupt)
	}
	return d.sink.Tenants(d.tenants)
}

// tenant reads one tenant, and reports whether it makes sense.
func (d *snapshotReader) tenant(p *payload, a *Assignment) bool {
	copy(a.TenantID[:], p.bytes(len(a.TenantID)))
	a.Slug = tenancy.Slug(p.string())
	cell, state := p.uvarint(), p.bytes(1)[0]
	a.Epoch = p.uvarint()
	plan := p.uvarint()
	a.Version = p.uvarint()
	first := len(d.domains)
	for k := p.uvarint(); k > 0 && !p.bad; k-- {
		d.domains = append(d.domains, tenancy.Domain(p.string()))
	}
	if last := len(d.domains); last > first {
		a.Domains = d.domains[first:last:last]
	}
	if edge := p.string(); edge != "" {
		a.Edge = new(EdgePolicy)
		if json.Unmarshal([]byte(edge), a.Edge) != nil {
			return false
		}
	}
	if p.bad || cell >= uint64(len(d.cells)) || plan >= uint64(len(d.plans)) || int(state) >= len(States) {
		return false
	}
	a.Cell, a.Region = d.cells[cell].ID, d.cells[cell].Region
	a.Plan, a.State = d.plans[plan], States[state]
	return true
}
