package export

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Format and Version say what a stream is. A reader refuses a version above its
// own.
const (
	Format  = "coditect-tenant-export"
	Version = 1
)

// Header is the first line.
type Header struct {
	Format        string    `json:"format"`
	Version       int       `json:"version"`
	ExportID      uuid.UUID `json:"export_id"`
	Tenant        Tenant    `json:"tenant"`
	Cell          string    `json:"cell"`
	SchemaVersion int64     `json:"schema_version"`
	MadeAt        time.Time `json:"made_at"`
	Secrets       bool      `json:"secrets"`          // hashes of keys and the like; without them it cannot be imported
	Signer        string    `json:"signer,omitempty"` // Ed25519 public key in hexadecimal; of a stream with secrets
}

// Tenant is whose rows these are, as the cell held them.
type Tenant struct {
	ID    tenancy.ID   `json:"id"`
	Slug  tenancy.Slug `json:"slug"`
	Plan  string       `json:"plan"`
	Epoch uint64       `json:"epoch"`
}

// line is any line: exactly one member is set.
type line struct {
	Header  *Header         `json:"header,omitempty"`
	Section *section        `json:"section,omitempty"`
	Row     json.RawMessage `json:"row,omitempty"`
	End     *end            `json:"end,omitempty"`
	Trailer *trailer        `json:"trailer,omitempty"`
}

type section struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

// end closes a section.
type end struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

func endOf(d cell.Digest) end { return end{Rows: d.Rows, SHA256: hex.EncodeToString(d.SHA256[:])} }

type trailer struct {
	Sections  int    `json:"sections"`
	Rows      int64  `json:"rows"`
	SHA256    string `json:"sha256"` // of every byte before this line
	Signature []byte `json:"signature,omitempty"`
}

// A row's line is made and read without a JSON package: there are millions.
const (
	rowStart = `{"row":`
	rowEnd   = '}'
)

// Summary is what a stream turned out to hold.
type Summary struct {
	Header   Header
	Sections []SectionSummary
	Rows     int64
}

// SectionSummary is one section, with its digest.
type SectionSummary struct {
	cell.Section
	cell.Digest
}

// String is one line for people.
func (s Summary) String() string {
	return fmt.Sprintf("tenant %s (%s), epoch %d, schema %d: %d rows in %d tables",
		s.Header.Tenant.ID, s.Header.Tenant.Slug, s.Header.Tenant.Epoch, s.Header.SchemaVersion, s.Rows, len(s.Sections))
}
