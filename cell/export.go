package cell

import "io"

// ExportState says how far an export is.
type ExportState string

// The states of an export.
const (
	ExportMaking ExportState = "making" // publication and slot may be half-made
	ExportOpen   ExportState = "open"
	ExportFailed ExportState = "failed" // its slot is gone
)

// Export is what lets a tenant leave: a publication of its rows, and a slot
// that keeps their changes for the target.
type Export struct {
	Transfer
	Epoch            uint64
	Target           string
	Reverse          bool // the way back: from the target of the migration to its source
	State            ExportState
	Begun            bool     // a reverse export begins when the tenant is activated
	Slot             string   // also the publication's name
	Position         Position // its changes are those that were committed at or after it
	Acknowledged     Position // the target has stored what was committed before it
	Snapshot         Snapshot // the zero Snapshot: none is held
	Failure          string
	RetainedWALBytes int64
	Head             Position // where the source's log ends now
	Broken           string   // why its stream does not carry every change any more; "" while it does
}

// Snapshot shows a database as it was at a position. It lives as long as the
// connection that made it.
type Snapshot struct {
	Name     string
	Position Position // it holds exactly what was committed before it
}

// ChunkEnd is what the source says behind a chunk of a table's copy.
type ChunkEnd struct {
	Key   []string `json:"key"` // of its last row; nil: there are no more rows
	Rows  int64    `json:"rows"`
	Bytes int64    `json:"bytes"`
	Last  bool     `json:"last"`
}

// ChunkSink takes the chunks of a table: the data of one, in binary COPY
// format, then its end. It is an interface because nouns do not know the network.
type ChunkSink interface {
	io.Writer
	EndChunk(end ChunkEnd) error
}

// HeldSnapshot is a snapshot that lives until it is closed, or its connection
// breaks.
type HeldSnapshot interface {
	Taken() Snapshot
	Alive() bool
	Close()
}

// ExportLimits bound the exports that are open at once: the server decodes its
// whole log for each.
type ExportLimits struct{ Forward, Reverse int }

// TransferFacts is what a cell is as a party of migrations.
type TransferFacts struct {
	SchemaVersion            int64
	Citus                    bool // the tables are distributed
	Rebalancing              bool // shards are being moved between workers
	ExportsOpen, ImportsOpen int
}
