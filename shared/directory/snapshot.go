package directory

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// The snapshot is a stream of blocks after an 8-byte magic. Its last byte of
// the magic is the format's version. A block is
//
//	kind (1 byte) · payload length (uvarint) · payload
//
// and the last block carries the directory's version, the number of tenants and
// the CRC-32C (RFC 3720 §12.1) of every byte before it. Numbers are
// uvarints, strings are length-prefixed. A tenant costs about 40 bytes: cell and
// plan are indices into tables that earlier blocks filled. Its edge policy is
// length-prefixed JSON, of length 0 if it has none.
//
// Version 2 brought the edge policy; a reader of one version refuses the others.
const (
	magic = "CTDIRSN\x02"

	blockCell    = 1 // id, region, endpoint, state, version: takes the next cell index
	blockPlan    = 2 // name: takes the next plan index
	blockTenants = 3 // count, then as many tenants
	blockEnd     = 4 // version, tenants, crc (4 bytes, little endian)

	tenantsPerBlock = 1024
	fullBlock       = 256 << 10 // bytes at which a block ends before it has tenantsPerBlock
	maxTenantBytes  = 2 << 20
	maxBlockBytes   = 4 << 20
	maxTableEntries = 1 << 16
)

// SnapshotContentType is the media type of a snapshot.
const SnapshotContentType = "application/vnd.coditect.directory-snapshot"

// Errors of [ReadSnapshot] and [ScanSnapshot]; everything else is an error of the reader itself.
var (
	ErrSnapshotFormat  = errors.New("not a directory snapshot of this version")
	ErrSnapshotCorrupt = errors.New("directory snapshot is corrupt")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SnapshotWriter streams a snapshot. Cells come first, tenants after them;
// Close writes the end block and must be called. It holds one block in memory.
type SnapshotWriter struct {
	out     *bufio.Writer
	crc     hash.Hash32
	cells   map[string]uint64
	plans   map[string]uint64
	block   []byte // tenants not yet written
	inBlock uint64
	tenants uint64
	err     error
}

// NewSnapshotWriter begins a snapshot on w.
func NewSnapshotWriter(w io.Writer) *SnapshotWriter {
	s := &SnapshotWriter{crc: crc32.New(castagnoli), cells: map[string]uint64{}, plans: map[string]uint64{}}
	s.out = bufio.NewWriterSize(w, 256<<10)
	s.write([]byte(magic))
	return s
}

// Cell adds a cell. It must precede the tenants that live there.
func (s *SnapshotWriter) Cell(c Cell) error {
	p := appendString(nil, c.ID)
	p = appendString(p, c.Region)
	p = appendString(p, c.Endpoint)
	p = appendString(p, string(c.State))
	p = binary.AppendUvarint(p, c.Version)
	s.cells[c.ID] = uint64(len(s.cells))
	s.writeBlock(blockCell, p)
	return s.err
}

// Tenant adds a tenant. Its Region is not stored: it is its cell's.
func (s *SnapshotWriter) Tenant(a *Assignment) error {
	cell, ok := s.cells[a.Cell]
	if !ok {
		return fmt.Errorf("snapshot: tenant %s lives in cell %q, which was not added", a.TenantID, a.Cell)
	}
	state := stateNumber(a.State)
	if state < 0 {
		return fmt.Errorf("snapshot: tenant %s has unknown state %q", a.TenantID, a.State)
	}
	plan, ok := s.plans[a.Plan]
	if !ok {
		plan = uint64(len(s.plans))
		s.plans[a.Plan] = plan
		s.flushTenants()
		s.writeBlock(blockPlan, appendString(nil, a.Plan))
	}
	edge, err := encodeEdge(a.Edge)
	if err != nil {
		return fmt.Errorf("snapshot: edge policy of tenant %s: %w", a.TenantID, err)
	}
	before := len(s.block)
	b := append(s.block, a.TenantID[:]...)
	b = appendString(b, string(a.Slug))
	b = binary.AppendUvarint(b, cell)
	b = append(b, byte(state))
	b = binary.AppendUvarint(b, a.Epoch)
	b = binary.AppendUvarint(b, plan)
	b = binary.AppendUvarint(b, a.Version)
	b = binary.AppendUvarint(b, uint64(len(a.Domains)))
	for _, d := range a.Domains {
		b = appendString(b, string(d))
	}
	b = appendString(b, edge)
	if len(b)-before > maxTenantBytes {
		return fmt.Errorf("snapshot: tenant %s takes %d bytes; %d at most", a.TenantID, len(b)-before, maxTenantBytes)
	}
	s.block = b
	s.inBlock++
	s.tenants++
	if s.inBlock == tenantsPerBlock || len(s.block) >= fullBlock {
		s.flushTenants()
	}
	return s.err
}

// Close ends the snapshot as of version and flushes it. It does not close the
// underlying writer.
func (s *SnapshotWriter) Close(version uint64) error {
	s.flushTenants()
	p := binary.AppendUvarint(nil, version)
	p = binary.AppendUvarint(p, s.tenants)
	head := binary.AppendUvarint([]byte{blockEnd}, uint64(len(p)+4))
	s.write(head)
	s.write(p)
	s.write(binary.LittleEndian.AppendUint32(nil, s.crc.Sum32()))
	if s.err == nil {
		s.err = s.out.Flush()
	}
	return s.err
}

func (s *SnapshotWriter) flushTenants() {
	if s.inBlock == 0 {
		return
	}
	p := binary.AppendUvarint(nil, s.inBlock)
	head := binary.AppendUvarint([]byte{blockTenants}, uint64(len(p)+len(s.block)))
	s.write(head)
	s.write(p)
	s.write(s.block)
	s.block, s.inBlock = s.block[:0], 0
}

func (s *SnapshotWriter) writeBlock(kind byte, payload []byte) {
	s.write(binary.AppendUvarint([]byte{kind}, uint64(len(payload))))
	s.write(payload)
}

func (s *SnapshotWriter) write(p []byte) {
	if s.err != nil {
		return
	}
	_, _ = s.crc.Write(p) // a hash never fails
	_, s.err = s.out.Write(p)
}

func encodeEdge(policy *EdgePolicy) (string, error) {
	if policy == nil {
		return "", nil
	}
	raw, err := json.Marshal(policy)
	return string(raw), err
}

func stateNumber(state State) int {
	for i, s := range States {
		if s == state {
			return i
		}
	}
	return -1
}
